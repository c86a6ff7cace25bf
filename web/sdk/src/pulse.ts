import { type CallStats } from './stats.ts'

/** A way on which nothing came in for so many milliseconds counts as lost. */
const lostAfter = 6_000
/** After so many without a sign, what is told next still speaks of the gap. */
const gapAfter = 3_000
/** What one reading may add: a device that slept, or a page whose timers were slowed, raises no alarm. */
const longestStep = 1_500

/**
 * Pulse feels whether anything comes in from the other side: sound, picture, or
 * a report of what it got. It counts readings and not seconds, so that a
 * device that slept, or a page whose timers were slowed, raises no alarm.
 */
export class Pulse {
  #begun = false
  #silent = 0
  #returned = false

  /** take looks at new figures, and returns whether there was a sign of life since those before. */
  take(now: CallStats, before: CallStats | undefined): boolean {
    if (before === undefined) return true
    const beats = now.packetsIn > before.packetsIn || reported(now) > reported(before)
    this.#begun ||= beats
    this.#returned = beats && this.#silent >= gapAfter
    this.#silent = beats || !this.#begun ? 0 : this.#silent + Math.min(longestStep, Math.max(0, now.at - before.at))
    return beats
  }

  /** Whether the last reading was the first one after a gap. */
  get returned(): boolean {
    return this.#returned
  }

  /** Whether nothing has come in for so long, where something had, that the way counts as lost. */
  get lost(): boolean {
    return this.#silent >= lostAfter
  }
}

const reported = ({ out }: CallStats): number => Math.max(out.audio.reportedAt, out.video.reportedAt)
