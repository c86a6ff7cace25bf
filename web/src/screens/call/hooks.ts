import { type RefObject } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'

import { Shade } from '../../state/call-controls.ts'
import { type CallRoom } from '../../state/call.ts'
import { type Arrival, PictureWatch } from '../../state/call-picture.ts'
import { aspectOf, fitOf } from '../../state/call-view.ts'
import { hasKeyboard } from '../../ui/keyboard.ts'

/** still says that nothing may move. */
export const still = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches

/** Something is open over the stage that takes keys and the focus. */
export const openOver = (root: Element | null): boolean => root?.querySelector(':popover-open, dialog[open]') != null

/**
 * useShade takes the controls away from a picture and brings them back. They
 * stay while something is open, while the focus is seen on them, and under a
 * mouse. Those who want no motion get the same without fading: what goes away
 * at once is no motion, and what stays would cover the picture.
 */
export function useShade(root: RefObject<HTMLElement | null>, may: boolean): Shade {
  const shade = useMemo(() => {
    const needed = (): boolean => {
      const stage = root.current
      if (stage === null || openOver(stage)) return true
      if (stage.querySelector('.controls :focus-visible, .self:focus-visible, .sharing :focus-visible') !== null) return true
      return hasKeyboard() && stage.querySelector('.controls:hover') !== null
    }
    return new Shade(needed)
  }, [])
  useEffect(() => shade.allow(may), [may])
  useEffect(() => {
    let at = ''
    const onMove = (e: PointerEvent): void => {
      const now = `${e.clientX},${e.clientY}`
      if (now === at || e.pointerType === 'touch') return // what moved is the page under a mouse that rests
      at = now
      shade.stir()
    }
    const onDown = (e: PointerEvent): void => shade.stir(e.pointerType === 'touch')
    const onAny = (): void => shade.stir()
    addEventListener('pointermove', onMove)
    addEventListener('pointerdown', onDown, true)
    addEventListener('keydown', onAny, true)
    addEventListener('focusin', onAny)
    return () => {
      removeEventListener('pointermove', onMove)
      removeEventListener('pointerdown', onDown, true)
      removeEventListener('keydown', onAny, true)
      removeEventListener('focusin', onAny)
      shade.stop()
    }
  }, [])
  return shade
}

/** useFit looks how a picture lies best in its place, whenever one of the two changes. */
export function useFit(ref: RefObject<HTMLVideoElement | null>, screen: boolean, place?: unknown): 'cover' | 'contain' {
  const [fit, setFit] = useState<'cover' | 'contain'>('cover')
  useEffect(() => {
    const video = ref.current
    if (video === null) return undefined
    const look = (): void => setFit(fitOf({ width: video.videoWidth, height: video.videoHeight }, { width: video.clientWidth, height: video.clientHeight }, screen))
    look()
    video.addEventListener('resize', look)
    video.addEventListener('loadedmetadata', look)
    addEventListener('resize', look)
    return () => {
      video.removeEventListener('resize', look)
      video.removeEventListener('loadedmetadata', look)
      removeEventListener('resize', look)
    }
  }, [screen, place])
  return fit
}

/** useAspect gives an element the shape of a picture, as --aspect, whenever that changes. */
export function useAspect(ref: RefObject<HTMLElement | null>, picture: RefObject<HTMLVideoElement | null>): void {
  useLayoutEffect(() => {
    const video = picture.current
    if (video === null) return undefined
    const look = (): void => {
      const aspect = aspectOf({ width: video.videoWidth, height: video.videoHeight })
      if (aspect !== undefined) ref.current?.style.setProperty('--aspect', aspect.toFixed(3))
    }
    look()
    const events = ['resize', 'loadedmetadata'] as const
    for (const event of events) video.addEventListener(event, look)
    return () => events.forEach((event) => video.removeEventListener(event, look))
  }, [])
}

/** useArrival looks whether the picture that should be there comes, and goes on coming. */
export function useArrival(ref: RefObject<HTMLVideoElement | null>, stream: MediaStream | undefined, expected: boolean): Arrival {
  const watch = useMemo(() => new PictureWatch(), [])
  useEffect(() => {
    const video = ref.current
    watch.expect(expected && video !== null)
    if (!expected || video === null) return undefined
    if (!('requestVideoFrameCallback' in video)) { // an old browser: it is there, as far as one can tell
      watch.first()
      return undefined
    }
    // One frame in each look is enough to know; Firefox counts those of a stream in no other way.
    let frames = 0
    let waits = 0
    const wait = (): void => {
      waits = video.requestVideoFrameCallback(() => {
        waits = 0
        frames++
        watch.first()
      })
    }
    const look = (): void => {
      if (document.visibilityState !== 'visible') return
      watch.take(frames)
      if (waits === 0) wait()
    }
    wait()
    const timer = setInterval(look, 1_000)
    return () => {
      clearInterval(timer)
      video.cancelVideoFrameCallback(waits)
    }
  }, [stream, expected])
  return watch.arrival.value
}

/** useHold lets a muted person talk while the mute button is held; a short press mutes and unmutes. */
export function useHold(call: CallRoom) {
  const since = useRef<number | undefined>(undefined)
  const held = useRef(false)
  const lift = (e: PointerEvent): void => {
    if (since.current === undefined) return
    call.talk.lift(e.timeStamp - since.current)
    since.current = undefined
  }
  return {
    onPointerDown: (e: PointerEvent & { currentTarget: HTMLElement }): void => {
      if (e.button !== 0) return
      held.current = call.talk.press() // the click that follows means nothing then
      if (!held.current) return
      since.current = e.timeStamp
      e.currentTarget.setPointerCapture(e.pointerId)
    },
    onPointerUp: lift,
    onPointerCancel: lift,
    onContextMenu: (e: Event): void => e.preventDefault(),
    onClick: (e: MouseEvent): void => {
      if (!held.current || e.detail === 0) call.toggleMute()
      held.current = false
    },
  }
}

/** Looks at the sound of a muted microphone, a second. */
const looks = 8

/**
 * useMutedVoice listens, on this device alone, whether somebody speaks who is
 * muted. What it listens to is a copy: the track that is sent stays silent.
 */
export function useMutedVoice(call: CallRoom, stream: MediaStream | undefined, muted: boolean): void {
  useEffect(() => {
    const track = stream?.getAudioTracks()[0]
    if (!muted || track === undefined || typeof AudioContext === 'undefined') return undefined
    const copy = track.clone()
    copy.enabled = true
    const context = new AudioContext()
    const analyser = new AnalyserNode(context, { fftSize: 512 })
    context.createMediaStreamSource(new MediaStream([copy])).connect(analyser)
    void context.resume()
    const wave = new Float32Array(analyser.fftSize)
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(wave)
      call.voice.take(Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length))
    }, 1000 / looks)
    return () => {
      clearInterval(timer)
      copy.stop()
      void context.close().catch(() => undefined)
      call.voice.stop()
    }
  }, [stream, muted])
}

interface Keys {
  mute: () => void
  camera: () => void
  screen: (() => void) | undefined
  full: (() => void) | undefined
}

/** What does something of its own with the space bar. */
const takesSpace = 'button, input, select, textarea, summary, [role=button], [contenteditable]'
const takesLetters = 'input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]'

/** The letter of a key: as it is written, or where it lies on a keyboard of another script. */
const letterOf = (e: KeyboardEvent): string => (/^[a-z]$/i.test(e.key) ? e.key : e.code.replace(/^Key/, '')).toLowerCase()

/** useKeys lets one key do what a control does, and the space bar speak. */
export function useKeys(root: RefObject<HTMLElement | null>, call: CallRoom, keys: Keys): void {
  useEffect(() => {
    // A control that was pressed with the mouse keeps the focus; the space bar is not meant for it.
    let pressed: EventTarget | null = null
    const onPointer = (e: PointerEvent): void => {
      pressed = e.target instanceof Element ? e.target.closest('button') : null
    }
    const spaceIsFree = (): boolean => {
      const at = document.activeElement
      return !openOver(root.current) && (at === null || at === pressed || !at.matches(takesSpace))
    }
    const letters: Readonly<Record<string, (() => void) | undefined>> = { m: keys.mute, v: keys.camera, s: keys.screen, f: keys.full }
    const onDown = (e: KeyboardEvent): void => {
      if (e.key === 'Tab' || e.key.startsWith('Arrow')) pressed = null
      if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return
      if (e.code === 'Space') {
        if (spaceIsFree() && call.talk.press()) e.preventDefault()
        return
      }
      const act = letters[letterOf(e)]
      if (act === undefined || e.repeat || (document.activeElement?.matches(takesLetters) ?? false)) return
      e.preventDefault()
      act()
    }
    const onUp = (e: KeyboardEvent): void => {
      if (e.code === 'Space' && call.talk.release()) e.preventDefault()
    }
    const away = (): void => void call.talk.release()
    addEventListener('pointerdown', onPointer, true)
    addEventListener('keydown', onDown)
    addEventListener('keyup', onUp)
    addEventListener('blur', away)
    addEventListener('contextmenu', away) // a menu of the browser's takes the key's end
    document.addEventListener('visibilitychange', away)
    return () => {
      away()
      removeEventListener('pointerdown', onPointer, true)
      removeEventListener('keydown', onDown)
      removeEventListener('keyup', onUp)
      removeEventListener('blur', away)
      removeEventListener('contextmenu', away)
      document.removeEventListener('visibilitychange', away)
    }
  }, [keys.screen === undefined, keys.full === undefined])
}

/** Toggle is something that is on or off, where the browser can do it at all. */
export interface Toggle {
  readonly can: boolean
  readonly on: boolean
  readonly toggle: () => void
}

/** useFullScreen gives the stage the whole screen. */
export function useFullScreen(ref: RefObject<HTMLElement | null>): Toggle {
  const [on, setOn] = useState(false)
  useEffect(() => {
    const look = (): void => setOn(document.fullscreenElement !== null)
    document.addEventListener('fullscreenchange', look)
    return () => document.removeEventListener('fullscreenchange', look)
  }, [])
  const toggle = (): void => {
    const done = document.fullscreenElement === null ? ref.current?.requestFullscreen() : document.exitFullscreen()
    done?.catch(() => undefined) // the browser's own no
  }
  return { can: typeof document !== 'undefined' && document.fullscreenEnabled, on, toggle }
}

/** usePictureInPicture puts the other's picture into a small window on top of all. */
export function usePictureInPicture(ref: RefObject<HTMLVideoElement | null>): Toggle {
  const [on, setOn] = useState(false)
  useEffect(() => {
    const video = ref.current
    const look = (): void => setOn(document.pictureInPictureElement === video)
    video?.addEventListener('enterpictureinpicture', look)
    video?.addEventListener('leavepictureinpicture', look)
    return () => {
      video?.removeEventListener('enterpictureinpicture', look)
      video?.removeEventListener('leavepictureinpicture', look)
      if (video !== null && document.pictureInPictureElement === video) void document.exitPictureInPicture()
    }
  }, [])
  const toggle = (): void => {
    const done = document.pictureInPictureElement === null ? ref.current?.requestPictureInPicture() : document.exitPictureInPicture()
    done?.catch(() => undefined)
  }
  return { can: typeof document !== 'undefined' && 'pictureInPictureEnabled' in document && document.pictureInPictureEnabled, on, toggle }
}
