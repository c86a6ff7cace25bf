import { signal } from '@preact/signals'

/** A muted person who speaks at this level for this many looks in a row should know. */
const loud = 0.04
const looksInARow = 4
/** How long the word about it stays after the last sound. */
const wordStays = 4_000
/** Who holds the mute button for less than this has pressed it. */
export const holdFrom = 500

/** Speech is what push-to-talk needs of a call. */
interface Speech {
  muted: () => boolean
  setMuted: (on: boolean) => void
}

/** PushToTalk lets a muted person be heard while a key, or the mute button, is down. */
export class PushToTalk {
  readonly talking = signal(false)
  readonly #speech: Speech

  constructor(speech: Speech) {
    this.#speech = speech
  }

  /** press begins to talk; false where there is nothing to do, and the key is somebody else's. */
  press(): boolean {
    if (this.talking.value) return true
    if (!this.#speech.muted()) return false
    this.talking.value = true
    this.#speech.setMuted(false)
    return true
  }

  /** release ends it; also where the key is let go unseen, as in another window. */
  release(): boolean {
    if (!this.talking.value) return false
    this.talking.value = false
    this.#speech.setMuted(true)
    return true
  }

  /** lift ends a hold of the mute button that took so many ms; a short one was a press, and leaves one heard. */
  lift(held: number): void {
    if (held < holdFrom) this.forget()
    else this.release()
  }

  /** forget ends it without a word to a call that is over, or whose mute was pressed meanwhile. */
  forget(): void {
    this.talking.value = false
  }
}

/** MutedVoice notices that somebody speaks who can't be heard. */
export class MutedVoice {
  readonly heard = signal(false)
  #run = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** take looks at a level, 0 to 1, as it comes several times a second. */
  take(level: number): void {
    this.#run = level >= loud ? this.#run + 1 : 0
    if (this.#run < looksInARow) return
    this.heard.value = true
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => (this.heard.value = false), wordStays)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#run = 0
    this.heard.value = false
  }
}
