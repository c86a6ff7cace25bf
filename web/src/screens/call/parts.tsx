import { type LucideIcon, X } from 'lucide-preact'
import { type ComponentChildren, type Ref } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

import { type Trouble } from '../../state/call.ts'
import { sentence, t } from '../../text/index.ts'
import { Button, Icon, RoundButton } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'

export interface Hold {
  readonly onPointerDown: (e: PointerEvent & { currentTarget: HTMLElement }) => void
  readonly onPointerUp: (e: PointerEvent) => void
  readonly onPointerCancel: (e: PointerEvent) => void
  readonly onContextMenu: (e: Event) => void
}

interface ControlProps {
  label: string
  word: string
  icon: LucideIcon
  kind?: '' | 'off' | 'on' | 'call' | 'end'
  next?: boolean
  /** For what is on or off; its name stays the same. */
  pressed?: boolean
  /** The key that does the same. */
  shortcut?: string
  /** What it opens. */
  opens?: string
  onClick?: (e: MouseEvent) => void
  /** For what is held. */
  hold?: Hold
  inner?: Ref<HTMLButtonElement>
}

/** Control is one of the round buttons of a call, with a word beneath. */
export function Control({ label, word, icon, kind = '', next = false, pressed, shortcut, opens, onClick, hold, inner }: ControlProps) {
  return (
    <button
      type="button"
      ref={inner ?? null}
      class={`control ${kind}`}
      aria-label={label}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut}
      aria-haspopup={opens === undefined ? undefined : 'dialog'}
      popovertarget={opens}
      title={shortcut === undefined ? undefined : t.stage.key(label, shortcut)}
      data-next={next ? '' : undefined}
      onClick={onClick}
      {...hold}
    >
      <span class="disc">
        <Icon of={icon} size={24} />
      </span>
      <span class="word" aria-hidden="true">
        {word}
      </span>
    </button>
  )
}

/** TroubleBox says what is wrong with camera or microphone, and what can be done about it. */
export function TroubleBox({ trouble }: { trouble: Trouble }) {
  const { call } = useApp()
  const other = trouble.device === 'camera' ? t.call.withoutCamera : t.call.withoutMicrophone
  // The button goes with the box: the keyboard stays in the call.
  const close = (e: MouseEvent & { currentTarget: HTMLElement }): void => {
    const dialog = e.currentTarget.closest('dialog')
    call.closeTrouble()
    dialog?.focus()
  }
  return (
    <div class="trouble" role="alert">
      <div class="trouble-head">
        <p>{sentence(t, trouble.problem)}</p>
        {!trouble.blocking && <RoundButton label={t.app.close} icon={X} onClick={close} />}
      </div>
      <div class="choices">
        {trouble.blocking && <Button onClick={() => call.goOn()}>{other}</Button>}
        <Button kind="primary" onClick={() => call.retry()}>
          {t.app.tryAgain}
        </Button>
      </div>
    </div>
  )
}

/** Chip is a short word on the picture. */
export function Chip({ icon, strong = false, children }: { icon?: LucideIcon; strong?: boolean; children: ComponentChildren }) {
  return (
    <p class={`chip ${strong ? 'strong' : ''}`}>
      {icon && <Icon of={icon} size={18} />}
      <span>{children}</span>
    </p>
  )
}

interface MovingProps {
  stream: MediaStream | undefined
  label: string
  id: string
  muted?: boolean
  mirrored?: boolean
  seen?: boolean
  /** How it lies in its place. */
  fit?: 'cover' | 'contain'
  /** Where the sound goes; empty is the system's choice. */
  speaker?: string
  onHeld?: (release: () => void) => void
  inner?: { current: HTMLVideoElement | null }
}

/** Moving plays a stream. The browser may hold sound back until a button is pressed; onHeld tells of that. */
export function Moving({ stream, label, id, muted = false, mirrored = false, seen = true, fit = 'cover', speaker = '', onHeld, inner }: MovingProps) {
  const own = useRef<HTMLVideoElement>(null)
  const ref = inner ?? own
  useEffect(() => {
    const video = ref.current
    if (video === null || video.srcObject === (stream ?? null)) return
    video.srcObject = stream ?? null
    if (stream === undefined) return
    const play = (): Promise<void> => video.play()
    play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') onHeld?.(() => void play().catch(() => undefined))
    })
  }, [stream])
  useEffect(() => {
    const video = ref.current
    if (muted || video === null || !('setSinkId' in video) || video.sinkId === speaker) return
    video.setSinkId(speaker).catch(() => undefined) // a speaker that is gone: the system's own
  }, [speaker, muted])
  return <video ref={ref} id={id} class={`${mirrored ? 'mirrored' : ''} ${seen ? '' : 'unlit'} ${fit}`} aria-label={label} muted={muted} tabIndex={-1} autoplay playsInline disablePictureInPicture={muted} />
}

/** useHeldSound keeps the way to release sound that the browser holds back. */
export function useHeldSound(): { held: boolean; hold: (release: () => void) => void; release: () => void } {
  const [release, setRelease] = useState<(() => void) | undefined>()
  return {
    held: release !== undefined,
    hold: (fn) => setRelease(() => fn),
    release: () => {
      release?.()
      setRelease(undefined)
    },
  }
}
