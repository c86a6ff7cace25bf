import { X } from 'lucide-preact'
import { type ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'

import { t } from '../text/index.ts'
import { Button, RoundButton } from './button.tsx'

interface DialogProps {
  title: string
  onClose: () => void
  children: ComponentChildren
  /** Without a cross: the choices close it. */
  choice?: boolean
  /** At the side, over the whole height: for details of what stays in sight. */
  side?: boolean
}

/** Dialog is there as long as it is drawn; the browser moves the focus in, keeps it, and gives it back. */
export function Dialog({ title, onClose, children, choice = false, side = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  // Before it leaves the page: a dialog that is closed only after that gives no focus back.
  useLayoutEffect(() => {
    const dialog = ref.current
    if (dialog && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      class={side ? 'sheet at-side' : 'sheet'}
      ref={ref}
      role={choice ? 'alertdialog' : 'dialog'}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault()
        onClose()
      }}
      onClick={(e) => {
        if (e.target === e.currentTarget) onClose() // beside it
      }}
    >
      <div class="sheet-body">
        <div class="sheet-head">
          <h2 id={id} tabIndex={-1}>
            {title}
          </h2>
          {!choice && <RoundButton label={t.app.close} icon={X} onClick={onClose} />}
        </div>
        {children}
      </div>
    </dialog>
  )
}

/** Sheet is a dialog at the side of a wide screen, and at the bottom of a narrow one. */
export function Sheet(props: Omit<DialogProps, 'choice' | 'side'>) {
  return <Dialog {...props} side />
}

interface ConfirmProps {
  title: string
  why: string
  action: string
  busy?: boolean
  onConfirm: () => void
  onClose: () => void
}

/** Confirm asks before something that can't be undone. */
export function Confirm({ title, why, action, busy = false, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose} choice>
      <p class="quiet">{why}</p>
      <div class="choices">
        <Button onClick={onClose}>{t.app.cancel}</Button>
        <Button kind="end" busy={busy} onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  )
}
