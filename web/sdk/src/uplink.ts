import { afresh, type Figures, heldRung, type Ladder, newLadder, rungs, step } from './ladder.ts'
import { type CallStats, type Outgone } from './stats.ts'

/** Tuning is what the senders of picture and sound are told. */
export interface Tuning {
  readonly active: boolean
  readonly kbit: number
  readonly scale: number
  readonly framesPerSecond: number
  readonly soundKbit: number
  readonly keep: 'maintain-framerate' | 'maintain-resolution'
}

/** Sign is what came in since the figures before: something, nothing, or the first after a gap. */
export type Sign = 'beats' | 'none' | 'returned'

const kinds = ['audio', 'video'] as const
type Kind = (typeof kinds)[number]

/** How long a browser needs, on a new way, to find out what it takes. */
const settlesWithin = 3_000
/** One report may have been on its way with nothing new; the next tells of the gap. */
const reportsOfGap = 2

/** UplinkOptions is what an Uplink works with. */
export interface UplinkOptions {
  readonly tune: (tuning: Tuning) => void
  /** Whether the picture is held has changed. */
  readonly onHeld: () => void
}

/** Uplink fits the picture to what the network takes, from one reading of the figures to the next. */
export class Uplink {
  readonly #o: UplinkOptions
  #ladder: Ladder | undefined
  /** Reports of each kind that still speak of a gap, and until when nothing counts. */
  #gap = { until: 0, audio: 0, video: 0 }
  #screen = false
  #told: string | undefined

  constructor(options: UplinkOptions) {
    this.#o = options
  }

  get held(): boolean {
    return this.#ladder?.rung === heldRung
  }

  /**
   * take acts on new figures. Where nothing comes in they say nothing of how
   * wide the way is, only that there is none; and those that come first after
   * such a gap, or on another way, still count what was lost before.
   */
  take(now: CallStats, before: CallStats | undefined, sign: Sign = 'beats'): void {
    if (sign === 'none') return
    const ladder = this.#ladder ?? newLadder(now.at)
    const another = before?.way !== undefined && now.way !== before.way
    if (sign === 'returned' || another) this.#gap = { until: now.at + settlesWithin, audio: reportsOfGap, video: reportsOfGap }
    if (now.at < this.#gap.until) {
      this.#skip(now, before)
      this.#ladder = afresh(ladder, now.at)
      return
    }
    const was = this.held
    this.#ladder = step(ladder, figuresOf(now, before, this.#skip(now, before)))
    this.#tell()
    if (was !== this.held) this.#o.onHeld()
  }

  /** Counts off what still speaks of the gap, and returns the kinds whose reports do. */
  #skip(now: CallStats, before: CallStats | undefined): Kind[] {
    return kinds.filter((k) => {
      if (this.#gap[k] === 0 || before === undefined || now.out[k].reportedAt <= before.out[k].reportedAt) return this.#gap[k] > 0
      this.#gap[k]--
      return true
    })
  }

  /** renew begins anew, with senders that were told nothing yet: another device is at the other end. */
  renew(): void {
    const was = this.held
    this.#ladder = this.#told = undefined
    this.#gap = { until: 0, audio: 0, video: 0 }
    if (was) this.#o.onHeld()
  }

  /** shows says what the picture is of: letters want their edges, a face its movement. */
  shows(screen: boolean): void {
    this.#screen = screen
    if (this.#ladder !== undefined) this.#tell()
  }

  #tell(): void {
    const tuning = tuningOf(this.#ladder?.rung ?? 0, this.#screen)
    const text = JSON.stringify(tuning)
    if (text === this.#told) return
    this.#told = text
    this.#o.tune(tuning)
  }
}

/** tuningOf says what a rung means for a camera or a screen. */
export function tuningOf(at: number, screen: boolean): Tuning {
  const rung = rungs[Math.min(at, rungs.length - 1)] ?? { kbit: 100, scale: 1, framesPerSecond: 15, soundKbit: 24 }
  const active = at < heldRung
  if (!screen) return { active, ...rung, keep: 'maintain-framerate' }
  return { active, ...rung, scale: 1, framesPerSecond: Math.min(15, rung.framesPerSecond), keep: 'maintain-resolution' }
}

/**
 * figuresOf picks out what the ladder judges. Only what was reported since
 * counts: of a picture that is held nothing is reported any more.
 */
export function figuresOf(now: CallStats, before: CallStats | undefined, without: readonly Kind[] = []): Figures {
  const fresh = kinds.filter((k) => before !== undefined && !without.includes(k) && now.out[k].reportedAt > before.out[k].reportedAt)
  const trips = [now.roundTripMs, ...fresh.map((k) => now.out[k].roundTripMs)].filter((t) => t !== undefined)
  return {
    at: now.at,
    loss: fresh.length === 0 || before === undefined ? undefined : Math.max(...fresh.map((k) => lossOf(now.out[k], before.out[k]))),
    roundTripMs: trips.length === 0 ? undefined : Math.max(...trips),
    room: now.kbitRoom,
    sent: now.kbitOut,
  }
}

/** A fraction of a handful of packets says nothing. */
function lossOf(now: Outgone, before: Outgone): number {
  return now.packets - before.packets < 5 ? 0 : Math.min(1, now.fractionLost)
}

/** tunePicture tells the sender of the picture what it may use, as far as its browser takes it. */
export function tunePicture(sender: RTCRtpSender, t: Tuning): Promise<void> {
  return tune(sender, {
    active: t.active, maxBitrate: t.kbit * 1000, maxFramerate: t.framesPerSecond, scaleResolutionDownBy: t.scale, priority: 'low', networkPriority: 'low',
  }, t.keep)
}

/** tuneSound gives the sender of the sound its place before the picture. */
export function tuneSound(sender: RTCRtpSender, t: Tuning): Promise<void> {
  return tune(sender, { maxBitrate: t.soundKbit * 1000, priority: 'high', networkPriority: 'high' })
}

/** wholePicture has the next picture sent as one that needs none before it: an encoder that was off begins so. */
export async function wholePicture(sender: RTCRtpSender): Promise<void> {
  for (const active of [false, true]) {
    const parameters = sender.getParameters()
    const [first] = parameters.encodings as (RTCRtpEncodingParameters | undefined)[]
    if (first === undefined || (!active && first.active === false)) return // nothing is sent
    first.active = active
    await sender.setParameters(parameters)
  }
}

async function tune(sender: RTCRtpSender, encoding: RTCRtpEncodingParameters, keep?: Tuning['keep']): Promise<void> {
  const parameters = sender.getParameters()
  const [first] = parameters.encodings as (RTCRtpEncodingParameters | undefined)[]
  if (first === undefined) return // nothing is agreed upon yet
  Object.assign(first, encoding)
  if (keep !== undefined) parameters.degradationPreference = keep
  await sender.setParameters(parameters)
}
