import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

import { type CallShown } from '../../state/call.ts'
import { t } from '../../text/index.ts'
import { useApp } from '../../ui/context.ts'
import { End } from './end.tsx'
import { Incoming } from './incoming.tsx'
import { Stage } from './stage.tsx'

const typing = (e: Element | null): boolean => e instanceof HTMLInputElement || e instanceof HTMLTextAreaElement

/** One Esc by accident must not end anything: the second within this time does. */
const escWithin = 4_000

/** useEscTwice calls act at the second Esc, and tells after the first that one more is needed. */
function useEscTwice(act: (() => void) | undefined): { asked: boolean; press: () => void } {
  const [asked, ask] = useState(false)
  useEffect(() => {
    if (!asked) return undefined
    const timer = setTimeout(() => ask(false), escWithin)
    return () => clearTimeout(timer)
  }, [asked])
  useEffect(() => ask(false), [act === undefined])
  return {
    asked,
    press: () => {
      if (act === undefined) return
      if (asked) act()
      else ask(true)
    },
  }
}

/** CallOverlay covers the page while there is a call, and gives the page back as it was. */
export function CallOverlay() {
  const shown = useApp().call.shown.value
  return shown === undefined ? null : <CallDialog shown={shown} />
}

function escOf(shown: CallShown, call: ReturnType<typeof useApp>['call']): (() => void) | undefined {
  if (shown.state === 'incoming') return () => call.decline()
  if (shown.state === 'outgoing' || shown.state === 'preparing') return () => call.hangUp()
  return undefined
}

function CallDialog({ shown }: { shown: CallShown }) {
  const { call } = useApp()
  const ref = useRef<HTMLDialogElement>(null)
  const wasTyping = useRef(false)
  const name = call.name.value || t.call.someone
  const ended = shown.state === 'ended'
  const esc = useEscTwice(escOf(shown, call))

  useLayoutEffect(() => {
    const dialog = ref.current
    wasTyping.current = typing(document.activeElement)
    if (dialog && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])

  // The focus goes to what is next; away from what is no longer there.
  const view = ended ? 'end' : shown.state === 'incoming' ? 'incoming' : 'stage'
  useLayoutEffect(() => {
    const dialog = ref.current
    const next = dialog?.querySelector<HTMLElement>('[data-next]')
    if (next && !(view === 'incoming' && wasTyping.current)) next.focus()
    else dialog?.focus()
  }, [view])

  return (
    <dialog
      class="call"
      ref={ref}
      tabIndex={-1}
      aria-label={shown.video ? t.call.videoWith(name) : t.call.with(name)}
      onKeyDown={(e) => {
        if (e.key !== 'Escape') return
        e.preventDefault()
        if (ended) call.close()
        else esc.press()
      }}
      onCancel={(e) => e.preventDefault()}
      onClose={() => ref.current?.isConnected && ref.current.showModal()}
    >
      {view === 'incoming' && <Incoming shown={shown} name={name} />}
      {view === 'stage' && <Stage shown={shown} name={name} />}
      {view === 'end' && <End shown={shown} name={name} />}
      <p class="esc" role="status">
        {esc.asked && (shown.state === 'incoming' ? t.call.escHint : t.call.escCancel)}
      </p>
    </dialog>
  )
}
