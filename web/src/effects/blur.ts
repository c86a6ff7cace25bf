// Makes soft what lies behind the person, on this device. A frame goes out
// either with the mask that was computed from it, or all of it soft: a slow
// machine sends fewer pictures, never a sharp room.

import { type Effect } from '@ringfence/sdk'

import { type Asked, type Told } from './messages.ts'
import { Painter } from './canvas.ts'
import { Size } from './size.ts'
import { trustedScript } from '../trusted-types.ts'

/** An answer of the model that takes longer than this isn't waited for: the picture goes on, all soft. */
const late = 1_000
/** At most this many pictures a second. */
const gap = 1_000 / 31
/** Without a new picture for so long, the camera is looked at anyway. */
const still = 60

class Blur {
  readonly track: MediaStreamTrack
  readonly #size = new Size()
  readonly #source: MediaStreamTrack
  readonly #video = document.createElement('video')
  readonly #painter = new Painter()
  readonly #worker = new Worker(trustedScript('/effects.js'), { type: 'module' })
  #model: { readonly width: number; readonly height: number } | undefined
  /** When the model was asked, and has not answered. */
  #asked: number | undefined
  #began = 0
  #over = false

  constructor(source: MediaStreamTrack) {
    this.#source = source
    const { canvas } = this.#painter.out
    canvas.width = 640
    canvas.height = 480
    const [track] = canvas.captureStream().getVideoTracks()
    if (track === undefined) throw new Error('no picture of a canvas')
    this.track = track
  }

  /** Resolves with the first picture, which is all soft; the model comes when it is loaded. */
  async start(): Promise<void> {
    const video = this.#video
    video.muted = true
    video.playsInline = true
    video.srcObject = new MediaStream([this.#source])
    this.#worker.onerror = () => this.#fail()
    this.#worker.onmessage = ({ data }: MessageEvent<Told>) => this.#hear(data)
    this.#ask({ ask: 'blur' })
    await video.play()
    this.#frames()
    this.#step()
  }

  stop(): void {
    this.#over = true
    this.#worker.terminate()
    this.#video.pause()
    this.#video.srcObject = null
    this.track.stop()
  }

  #ask(asked: Asked, hand: Transferable[] = []): void {
    this.#worker.postMessage(asked, hand)
  }

  #frames(): void {
    if (this.#over || !('requestVideoFrameCallback' in this.#video)) return
    this.#video.requestVideoFrameCallback(() => {
      this.#step()
      this.#frames()
    })
  }

  #hear(told: Told): void {
    if (this.#over) return
    switch (told.tell) {
      case 'ready':
        this.#model = told
        return
      case 'tick':
        // A page that is hidden gets no frame callbacks, and some browsers have none.
        if (document.hidden || performance.now() - this.#began > still) this.#step()
        return
      case 'mask':
        this.#mask(told.pixels)
        return
      default:
        this.#fail()
    }
  }

  #step(): void {
    const now = performance.now()
    if (this.#over || now - this.#began < gap * 0.8) return
    if (this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || this.#video.videoWidth === 0) return
    if (this.#asked !== undefined && now - this.#asked < late) return
    this.#began = now
    if (this.#video.paused) void this.#video.play().catch(() => undefined)
    this.#painter.take(this.#video, this.#size.lines)
    if (this.#model === undefined || this.#asked !== undefined) {
      this.#painter.veil()
      return
    }
    const { width, height } = this.#model
    const pixels = this.#painter.pixels(width, height)
    this.#asked = now
    this.#size.drawn(performance.now() - now)
    this.#ask({ ask: 'segment', pixels }, [pixels.buffer])
  }

  #mask(pixels: Uint8ClampedArray<ArrayBuffer>): void {
    const asked = this.#asked ?? 0
    this.#asked = undefined
    if (this.#model === undefined) return
    // The picture was taken anew meanwhile: this mask isn't of it.
    if (this.#began !== asked) return
    const start = performance.now()
    this.#painter.paint(pixels, this.#model.width, this.#model.height)
    this.#size.drawn(performance.now() - start)
  }

  /** The picture ends: what can't be made soft is not sent. */
  #fail(): void {
    if (this.#over) return
    this.stop()
    this.track.dispatchEvent(new Event('ended'))
  }
}

/** blur is the effect. */
export const blur: Effect = async (track) => {
  const work = new Blur(track)
  try {
    await work.start()
  } catch (error) {
    work.stop()
    throw error
  }
  return { track: work.track, stop: () => work.stop() }
}
