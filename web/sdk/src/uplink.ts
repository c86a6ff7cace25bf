import { type Figures, heldRung, type Ladder, newLadder, rungs, step } from './ladder.ts'
import { type CallStats, type Outgone } from './stats.ts'

/** Tuning is what a sender of pictures is told. */
export interface Tuning {
  readonly active: boolean
  readonly kbit: number
  readonly scale: number
  readonly framesPerSecond: number
  readonly keep: 'maintain-framerate' | 'maintain-resolution'
}

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
  #screen = false
  #told: string | undefined

  constructor(options: UplinkOptions) {
    this.#o = options
  }

  get held(): boolean {
    return this.#ladder?.rung === heldRung
  }

  /** take acts on new figures. */
  take(now: CallStats, before: CallStats | undefined): void {
    const was = this.held
    this.#ladder = step(this.#ladder ?? newLadder(now.at), figuresOf(now, before))
    this.#tell()
    if (was !== this.held) this.#o.onHeld()
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
  const rung = rungs[Math.min(at, rungs.length - 1)] ?? { kbit: 100, scale: 1, framesPerSecond: 15 }
  const active = at < heldRung
  if (!screen) return { active, ...rung, keep: 'maintain-framerate' }
  return { active, kbit: rung.kbit, scale: 1, framesPerSecond: Math.min(15, rung.framesPerSecond), keep: 'maintain-resolution' }
}

/** figuresOf picks out what the ladder judges. */
export function figuresOf(now: CallStats, before: CallStats | undefined): Figures {
  const losses = before === undefined ? [] : [lossOf(now.out.audio, before.out.audio), lossOf(now.out.video, before.out.video)].filter((x) => x !== undefined)
  return {
    at: now.at,
    loss: losses.length === 0 ? undefined : Math.max(...losses),
    roundTripMs: now.roundTripMs,
    room: now.kbitRoom,
  }
}

/** Only what was reported since counts: of a picture that is held nothing is reported any more. */
function lossOf(now: Outgone, before: Outgone): number | undefined {
  if (now.reportedAt <= before.reportedAt) return undefined
  const sent = now.packets - before.packets
  const lost = now.lost - before.lost
  return sent < 5 || lost <= 0 ? 0 : Math.min(1, lost / sent)
}

/** applyTuning tells a sender, as far as its browser takes it. */
export async function applyTuning(sender: RTCRtpSender, t: Tuning): Promise<void> {
  const parameters = sender.getParameters()
  const [first] = parameters.encodings as (RTCRtpEncodingParameters | undefined)[]
  if (first === undefined) return
  Object.assign(first, {
    active: t.active, maxBitrate: t.kbit * 1000, maxFramerate: t.framesPerSecond, scaleResolutionDownBy: t.scale, priority: 'low', networkPriority: 'low',
  })
  parameters.degradationPreference = t.keep
  await sender.setParameters(parameters)
}

/** soundFirst gives the sender of sound its place before the picture. */
export async function soundFirst(sender: RTCRtpSender): Promise<void> {
  const parameters = sender.getParameters()
  const [first] = parameters.encodings as (RTCRtpEncodingParameters | undefined)[]
  if (first === undefined) return
  Object.assign(first, { priority: 'high', networkPriority: 'high' })
  await sender.setParameters(parameters)
}
