// What the other side of a leg may send now.

import { same } from './bytes.ts'
import { commitment, stages } from './call.ts'
import { type Frame, frameTypes, type Leg } from './frame.ts'
import { type Dev, type Hash, type Random } from './identity.ts'
import { refuse } from './reason.ts'

/** Agreed is what is known of a leg with one device when its answer is there. */
export interface Agreed {
  /** caller says that this side is the leg's caller. */
  readonly caller: boolean
  /** commit is the ring's cm, rungDev the device it went to: what the callee checks a reveal by. */
  readonly commit: Hash
  readonly rungDev: Dev
  readonly leg: Leg
  /** stage is that of the answer. */
  readonly stage: number
}

/** LegRules follows one leg with one device; what it refuses ends the leg. Frames are given to it one after the other. */
export class LegRules {
  readonly #agreed: Agreed
  #pressed = false
  #elsewhere = false
  #told = false // the reveal, or the accept, has come
  #looking = false // at a reveal: one that comes meanwhile is a second one

  constructor(agreed: Agreed) {
    this.#agreed = agreed
  }

  /** pressed notes that this side, the callee, has sent its accept. With an answer of stage accepted the press is in the answer. */
  pressed(): void {
    this.#pressed = true
  }

  /** revealedElsewhere notes that this side, the caller, has revealed to another branch of the leg: what accepts now is too late. */
  revealedElsewhere(): void {
    this.#elsewhere = true
  }

  /** take checks a frame that opened. */
  async take(f: Frame): Promise<void> {
    if (f.type === frameTypes.reveal) await this.#reveal(f.random)
    if (f.type === frameTypes.accept) this.#accept()
  }

  #accept(): void {
    if (!this.#agreed.caller || this.#agreed.stage !== stages.ready || this.#told) refuse('frame_rule')
    if (this.#elsewhere) refuse('answer_twice')
    this.#told = true
  }

  async #reveal(rc: Random): Promise<void> {
    const { caller, leg, rungDev, commit, stage } = this.#agreed
    if (caller) refuse('frame_rule')
    if ((!this.#pressed && stage !== stages.accepted) || this.#told || this.#looking) refuse('commit')
    this.#looking = true
    if (!same(await commitment(leg.call, leg.leg, rungDev, rc), commit)) refuse('commit')
    this.#told = true
  }

  /**
   * revealed tells whether the caller's part of the emoji has come and held,
   * or towards a caller whether the callee has pressed. Ten seconds after the
   * press without it the callee ends the leg with commit.
   */
  get revealed(): boolean {
    return this.#told || (this.#agreed.caller && this.#agreed.stage === stages.accepted)
  }
}
