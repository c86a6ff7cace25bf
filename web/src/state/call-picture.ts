import { signal } from '@preact/signals'

/** Looks, a second apart, without a first picture until that is worth a word. */
const missingAfter = 3
/** The same without a further one. */
const stoppedAfter = 4

/**
 * Arrival is how the other's picture comes: not meant to come at all; soon, as
 * at the beginning; not yet, though it should have; well; or no more.
 */
export type Arrival = 'none' | 'soon' | 'missing' | 'comes' | 'stopped'

/** PictureWatch notices that a picture which should be there doesn't come, or stands still. */
export class PictureWatch {
  readonly arrival = signal<Arrival>('none')
  #frames = 0
  #still = 0

  /** expect says whether there should be a picture now. */
  expect(on: boolean): void {
    this.#still = this.#frames = 0
    this.arrival.value = on ? 'soon' : 'none'
  }

  /** first is the first picture, the moment it is there. */
  first(): void {
    if (this.arrival.value === 'none') return
    this.#still = 0
    this.arrival.value = 'comes'
  }

  /** take looks once a second at how many pictures were shown until now. */
  take(frames: number): void {
    const now = this.arrival.value
    if (now === 'none') return
    if (frames !== this.#frames) {
      this.#frames = frames
      this.first()
      return
    }
    this.#still++
    if (now === 'soon' && this.#still >= missingAfter) this.arrival.value = 'missing'
    if (now === 'comes' && this.#still >= stoppedAfter) this.arrival.value = 'stopped'
  }
}
