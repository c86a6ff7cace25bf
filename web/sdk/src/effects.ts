import { Emitter } from './emitter.ts'
import { type DeviceKind } from './devices.ts'

/** Processed is a track as an effect made it. stop ends the effect's work; the source track stays the SDK's. */
export interface Processed {
  readonly track: MediaStreamTrack
  stop(): void
}

/** Effect changes a track on this device before it is sent. */
export type Effect = (track: MediaStreamTrack) => Promise<Processed>

/** Effects are what is done to picture and sound; one that is left out is switched off. */
export interface Effects {
  readonly camera?: Effect | undefined
  readonly microphone?: Effect | undefined
}

interface ChainEvents extends Record<string, readonly unknown[]> {
  /** Another track comes out, or none does. */
  readonly out: readonly []
  /** The effect could not be had, or died. */
  readonly failed: readonly []
}

const patience = 20_000

/**
 * Chain is one device's way from the source to what is sent. With an effect
 * set, the source itself comes out only where raw allows it: a picture that
 * should be blurred is never shown as it is, whatever happens to the effect.
 */
export class Chain extends Emitter<ChainEvents> {
  readonly #device: DeviceKind
  #effect: Effect | undefined
  #source: MediaStreamTrack | undefined
  #processed: Processed | undefined
  #out: MediaStreamTrack | undefined
  #turn = 0

  constructor(device: DeviceKind, effect: Effect | undefined) {
    super()
    this.#device = device
    this.#effect = effect
  }

  /** What to send. */
  get out(): MediaStreamTrack | undefined {
    return this.#out
  }

  /** setSource takes another track in; the old one's effect ends. */
  async setSource(source: MediaStreamTrack | undefined): Promise<void> {
    if (source === this.#source) return
    this.#source = source
    await this.#make()
  }

  async setEffect(effect: Effect | undefined): Promise<void> {
    if (effect === this.#effect) return
    this.#effect = effect
    await this.#make()
  }

  stop(): void {
    this.#turn++
    this.#source = this.#out = undefined
    this.#end(this.#processed)
    this.#processed = undefined
  }

  async #make(): Promise<void> {
    const turn = ++this.#turn
    const source = this.#source
    const effect = this.#effect
    if (source === undefined || effect === undefined) {
      this.#put(source, undefined)
      return
    }
    // Sound goes on raw meanwhile; a picture of the same camera with the effect before, or not at all.
    if (this.#device === 'microphone') this.#put(source, undefined)
    else if (this.#processed === undefined || this.#out?.readyState === 'ended') this.#put(undefined, undefined)
    try {
      const processed = await inTime(effect(source), (late) => this.#end(late))
      if (turn !== this.#turn) this.#end(processed)
      else {
        processed.track.onended = () => {
          if (processed === this.#processed) this.#fail()
        }
        this.#put(processed.track, processed)
      }
    } catch {
      if (turn === this.#turn) this.#fail()
    }
  }

  #fail(): void {
    this.#put(this.#device === 'microphone' ? this.#source : undefined, undefined)
    this.emit('failed')
  }

  #put(out: MediaStreamTrack | undefined, processed: Processed | undefined): void {
    const old = this.#processed
    const changed = out !== this.#out
    this.#processed = processed
    this.#out = out
    if (changed) this.emit('out')
    this.#end(old)
  }

  #end(processed: Processed | undefined): void {
    if (processed === undefined) return
    processed.track.onended = null
    try {
      processed.stop()
    } catch {
      // it ends all the same
    }
  }
}

/** inTime waits for an effect, but not for ever; one that comes later is handed to late. */
function inTime(work: Promise<Processed>, late: (processed: Processed) => void): Promise<Processed> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      work.then(late, () => undefined)
      reject(new Error('the effect did not come'))
    }, patience)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
