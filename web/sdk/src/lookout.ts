import { type PeerLink } from './link.ts'
import { digest } from './stats.ts'

const lookEvery = 200
/** Nothing for so many milliseconds, out of a stream that did not falter, is worth to be ready for more. */
const silentAfter = 400
const steadyAfter = 2_000
/** What one look may add: a device that slept, or a page whose timers were slowed, raises no alarm. */
const longestStep = 300
/** An alarm costs a search for a way: where one follows the other, each waits twice as long. */
const firstPause = 5_000
const longestPause = 80_000
const calmAfter = 60_000

/** LookoutOptions is what a Lookout works with. */
export interface LookoutOptions {
  readonly link: Pick<PeerLink, 'getStats'>
  readonly onSilent: () => void
  /** Something comes in again. */
  readonly onSound: () => void
  /** The media take another way than before. */
  readonly onAnotherWay: () => void
}

/**
 * Lookout notices within about half a second that nothing comes in any more.
 * A relay that starts anew has lost its allocations and says nothing, a device
 * that moved to another network can't, and a browser that hears nothing waits
 * for many seconds and hopes.
 *
 * It raises an alarm only where packets had come without a pause: sound does,
 * muted too, in the browsers that we know. Where the other side changes what
 * it sends, or pauses between packets, as it may where it is silent, it knows
 * nothing and keeps quiet. A false alarm does no harm but cost something: the way in use
 * stays until a better one is found.
 */
export class Lookout {
  readonly #o: LookoutOptions
  #timer: ReturnType<typeof setTimeout> | undefined
  #running = false
  #count: number | undefined
  #way: string | undefined
  #at = 0
  #steady = 0
  #silent = 0
  #alarmed = false
  #pause = firstPause
  #quiet = 0
  #calm = 0

  constructor(options: LookoutOptions) {
    this.#o = options
  }

  /** Whether nothing has come in since the last alarm. */
  get alarmed(): boolean {
    return this.#alarmed
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#again()
  }

  stop(): void {
    this.#running = false
    clearTimeout(this.#timer)
  }

  /** changed says that the other side sends something else from now on, or nothing. */
  changed(): void {
    this.#steady = this.#silent = 0
  }

  /** doubts says that the way may be lost: where something had come in steadily, the next that comes is told. */
  doubts(): void {
    if (this.#steady >= steadyAfter) this.#alarmed = true
    this.changed()
  }

  #again(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#look(), lookEvery)
  }

  async #look(): Promise<void> {
    const figures = await this.#o.link.getStats().then(digest).catch(() => undefined)
    if (!this.#running) return
    this.#again()
    const [before, way] = [this.#count, this.#way]
    this.#way = figures?.way ?? way
    if (way !== undefined && this.#way !== way) this.#another()
    this.#count = figures?.packetsIn
    if (figures === undefined || before === undefined) {
      this.changed()
      this.#at = figures?.at ?? 0
      return
    }
    const step = Math.min(longestStep, Math.max(0, figures.at - this.#at))
    this.#at = figures.at
    this.#quiet = Math.max(0, this.#quiet - step)
    this.#calm += step
    if (this.#calm >= calmAfter) this.#pause = firstPause
    if (figures.packetsIn > before) this.#heard(step)
    else this.#missed(step)
  }

  /** Whatever was searched for is found: the next alarm need not wait. */
  #another(): void {
    this.#pause = firstPause
    this.#quiet = 0
    this.#o.onAnotherWay()
  }

  #heard(step: number): void {
    this.#steady = this.#silent > 0 ? 0 : this.#steady + step
    this.#silent = 0
    if (!this.#alarmed) return
    this.#alarmed = false
    this.#o.onSound()
  }

  #missed(step: number): void {
    this.#silent += step
    if (this.#silent < silentAfter || this.#steady < steadyAfter || this.#quiet > 0) return
    this.#steady = this.#calm = 0
    this.#quiet = this.#pause
    this.#pause = Math.min(longestPause, this.#pause * 2)
    this.#alarmed = true
    this.#o.onSilent()
  }
}
