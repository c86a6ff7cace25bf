import { CallFace } from './call-face.ts'
import { type CallOptions, type CallState, type EndReason } from './call-types.ts'
import { type AccountId, type Address, type CallId, type Sending } from './wire.gen.ts'

/** CallRecord is what can be read from a call, beside its media. */
export abstract class CallRecord extends CallFace {
  readonly id: CallId
  readonly peer: AccountId
  readonly direction: 'outgoing' | 'incoming'
  /** Whether the caller asked for a video call. */
  readonly video: boolean
  readonly state: CallState
  /** Outgoing: whether a device of the other side rings. */
  readonly ringing: boolean = false
  /** Incoming: it is being answered, and no more to ring; microphone and camera may still be asked for. */
  readonly answering: boolean = false
  readonly endReason: EndReason | undefined
  readonly endedByUs: boolean = false
  /** What the other side says that it sends. */
  readonly remote: Sending
  /** Whether the other side has lost the hub; media may go on meanwhile. */
  readonly remoteAway: boolean = false
  /** When media first flowed, on whichever device of this person, in milliseconds since 1970. */
  readonly connectedAt: number | undefined
  /** When the call ended, likewise. */
  readonly endedAt: number | undefined
  /** The other leg, once one answered. */
  readonly other: Address | undefined
  readonly #now: () => number

  protected constructor(options: CallOptions) {
    super(options)
    const { id, peer, direction, video, began, env } = options
    this.id = id
    this.peer = peer
    this.direction = direction
    this.video = video
    this.state = direction === 'outgoing' || began !== undefined ? 'preparing' : 'incoming'
    this.remote = { audio: true, video }
    this.connectedAt = began
    this.#now = () => env.now()
  }

  /** duration is how long media have flowed, in seconds. */
  duration(): number {
    if (this.connectedAt === undefined) return 0
    return Math.max(0, Math.floor(((this.endedAt ?? this.#now()) - this.connectedAt) / 1000))
  }

  /** put notes how the call stands. */
  protected put(changes: Partial<Pick<CallRecord, 'state' | 'ringing' | 'answering' | 'endReason' | 'endedByUs' | 'remote' | 'remoteAway' | 'connectedAt' | 'endedAt' | 'other'>>): void {
    Object.assign(this, changes)
  }
}
