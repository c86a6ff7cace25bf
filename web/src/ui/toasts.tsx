import { X } from 'lucide-preact'
import { useEffect, useRef } from 'preact/hooks'

import { type Toast } from '../state/toasts.ts'
import { sentence, t } from '../text/index.ts'
import { Button, RoundButton } from './button.tsx'
import { useApp } from './context.ts'

function wordsOf(toast: Toast): string {
  if (toast.problem !== undefined) return sentence(t, toast.problem)
  const words = toast.done && t.done[toast.done]
  return typeof words === 'function' ? words(toast.name ?? '') : (words ?? '')
}

/** Toasts are shown above everything, dialogs too, and read aloud once. */
export function Toasts() {
  const { toasts } = useApp()
  const ref = useRef<HTMLDivElement>(null)
  const list = toasts.list.value
  const newest = list.at(-1)?.id
  useEffect(() => {
    const region = ref.current
    if (region === null) return
    if (region.matches(':popover-open')) region.hidePopover()
    if (newest !== undefined) region.showPopover() // anew, so that it lies above a dialog opened since
  }, [newest])
  return (
    <div class="toasts" ref={ref} popover="manual" role="status" aria-label={t.app.messages}>
      {list.map((toast) => (
        <div class="toast" key={toast.id}>
          <p>{wordsOf(toast)}</p>
          {toast.undo && (
            <Button
              kind="quiet"
              onClick={() => {
                toasts.dismiss(toast.id)
                toast.undo?.()
              }}
            >
              {t.app.undo}
            </Button>
          )}
          <RoundButton label={t.app.close} icon={X} onClick={() => toasts.dismiss(toast.id)} />
        </div>
      ))}
    </div>
  )
}
