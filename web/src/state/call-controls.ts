import { signal } from '@preact/signals'

/** How long the controls stay after the last move. */
export const shadeAfter = 3_000
/** After a touch has brought them back, they can't be pressed for this long: that touch was not meant for them. */
export const guardFor = 400

/**
 * Shade takes the controls of a call out of the picture's way, and brings them
 * back. They never leave the page: whoever comes to them with the keyboard or
 * a screen reader finds them, and sees them then.
 */
export class Shade {
  readonly shown = signal(true)
  /** Whether a press on them counts. */
  readonly ready = signal(true)
  readonly #keep: () => boolean
  #may = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #guard: ReturnType<typeof setTimeout> | undefined

  /** keep tells, when the time is up, whether somebody needs them still. */
  constructor(keep: () => boolean = () => false) {
    this.#keep = keep
  }

  /** allow says whether there is a picture that they would cover. */
  allow(may: boolean): void {
    if (may === this.#may) return
    this.#may = may
    this.stir()
  }

  /** stir is a key, a move, a touch, or the focus coming in. */
  stir(touch = false): void {
    clearTimeout(this.#timer)
    if (!this.shown.value) {
      this.shown.value = true
      if (touch) this.#hold()
      else this.ready.value = true
    }
    if (this.#may) this.#timer = setTimeout(() => this.#timeUp(), shadeAfter)
  }

  stop(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#guard)
    this.#may = false
    this.shown.value = true
    this.ready.value = true
  }

  #hold(): void {
    clearTimeout(this.#guard)
    this.#guard = setTimeout(() => (this.ready.value = true), guardFor)
  }

  #timeUp(): void {
    if (!this.#may) return
    if (this.#keep()) {
      this.stir()
      return
    }
    clearTimeout(this.#guard)
    this.shown.value = false
    this.ready.value = false
  }
}
