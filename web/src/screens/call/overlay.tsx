import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

import { type CallShown } from '../../state/call.ts'
import { t } from '../../text/index.ts'
import { useApp } from '../../ui/context.ts'
import { End } from './end.tsx'
import { openOver, still } from './hooks.ts'
import { Incoming } from './incoming.tsx'
import { Stage } from './stage.tsx'

const typing = (e: Element | null): boolean => e instanceof HTMLInputElement || e instanceof HTMLTextAreaElement

const growFor = 220

/** grow lets the call open like a curtain from what was pressed, so that one sees whose call it is. */
function grow(dialog: HTMLElement, from: DOMRect | undefined): void {
  if (from === undefined || still()) return
  const x = from.x + from.width / 2
  const y = from.y + from.height / 2
  const far = Math.hypot(Math.max(x, innerWidth - x), Math.max(y, innerHeight - y))
  const at = `${Math.round(x)}px ${Math.round(y)}px`
  const near = Math.round(Math.max(from.width, from.height) / 2)
  dialog.animate([{ clipPath: `circle(${near}px at ${at})` }, { clipPath: `circle(${Math.ceil(far)}px at ${at})` }], { duration: growFor, easing: 'ease-out' })
}

/** origin is where a call comes from: the face beside the button that has the focus, or the button. */
function origin(): DOMRect | undefined {
  const at = document.activeElement
  if (at === null || at === document.body || at.closest('button, a') === null) return undefined
  const face = at.closest('li, header, section, article')?.querySelector('.face')
  return (face ?? at).getBoundingClientRect()
}

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
  // Before anybody can press it: an effect that comes later would forget a first Esc.
  useLayoutEffect(() => ask(false), [act === undefined])
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
    const from = shown.incoming ? undefined : origin()
    if (dialog && !dialog.open) {
      dialog.showModal()
      grow(dialog, from)
    }
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
      data-theme="dark"
      ref={ref}
      tabIndex={-1}
      aria-label={shown.video ? t.call.videoWith(name) : t.call.with(name)}
      onKeyDown={(e) => {
        if (e.key !== 'Escape' || openOver(ref.current)) return
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
