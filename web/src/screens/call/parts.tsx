import { type LucideIcon } from 'lucide-preact'
import { useEffect, useRef, useState } from 'preact/hooks'

import { type Trouble } from '../../state/call.ts'
import { sentence, t } from '../../text/index.ts'
import { Button, Icon } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'

/** Control is one of the round buttons of a call, with a word beneath. */
export function Control({ label, word, icon, kind = '', next = false, onClick }: { label: string; word: string; icon: LucideIcon; kind?: '' | 'off' | 'call' | 'end'; next?: boolean; onClick: () => void }) {
  return (
    <button type="button" class={`control ${kind}`} aria-label={label} data-next={next ? '' : undefined} onClick={onClick}>
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
  return (
    <div class="trouble" role="alert">
      <p>{sentence(t, trouble.problem)}</p>
      <div class="choices">
        {trouble.blocking && <Button onClick={() => call.goOn()}>{other}</Button>}
        <Button kind="primary" onClick={() => call.retry()}>
          {t.app.tryAgain}
        </Button>
      </div>
    </div>
  )
}

/** Moving plays a stream. The browser may hold sound back until a button is pressed; onHeld tells of that. */
export function Moving({ stream, label, id, muted = false, mirrored = false, seen = true, onHeld }: { stream: MediaStream | undefined; label: string; id: string; muted?: boolean; mirrored?: boolean; seen?: boolean; onHeld?: (release: () => void) => void }) {
  const ref = useRef<HTMLVideoElement>(null)
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
  return <video ref={ref} id={id} class={`${mirrored ? 'mirrored' : ''} ${seen ? '' : 'unlit'}`} aria-label={label} muted={muted} autoplay playsInline disablePictureInPicture={muted} />
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
