import { type Environment } from './environment.ts'
import { type DeviceEvent, type MediaChoice } from './devices.ts'
import { type Effects } from './effects.ts'
import { type SignalSocket } from './socket.ts'
import { type AccountId, type CallId, type Reason } from './wire.gen.ts'

/** CallState is how far a call is. */
export type CallState = 'preparing' | 'outgoing' | 'incoming' | 'connecting' | 'connected' | 'reconnecting' | 'ended'

/**
 * EndReason is why a call ended: the hub's reasons, and those that this side
 * finds out itself. `failed`: no way for media was found.
 */
export type EndReason = Reason | 'unreachable' | 'rate_limited' | 'failed' | 'error'

/** CallSettings are read when a call begins. */
export interface CallSettings extends MediaChoice {
  /** always: only through the relay, so that the other side sees no address of this device. */
  readonly relay: 'auto' | 'always'
  /** Only relays of one transport. */
  readonly turn?: 'udp' | 'tcp' | undefined
  /** What is done to picture and sound before they leave this device. */
  readonly effects?: Effects | undefined
  /** Connects through relays while it rings, where the other side does too. */
  readonly early?: boolean | undefined
  /**
   * Tells the server once a call how long it took to connect and whether it
   * needed a relay. Only where the person has agreed.
   */
  readonly measure?: boolean | undefined
  readonly startMuted?: boolean | undefined
}

/** What a call waits for, in milliseconds. */
export const waits = {
  calling: 15_000,
  take: 5_000, // the hub of the call may be lost
  connect: 30_000,
  apart: 5_000, // of two sides that wait as long for a way
  ringSlack: 5_000,
  direct: 1_000, // the first picture goes first
} as const

/** Goodbye is how a side leaves a call. busy: it does not ring on this device any more, others go on. */
export type Goodbye = 'hangup' | 'decline' | 'busy'

/** CallOptions is what a Call works with. */
export interface CallOptions {
  readonly env: Environment
  readonly signal: SignalSocket
  readonly settings: CallSettings
  readonly id: CallId
  readonly peer: AccountId
  readonly direction: 'outgoing' | 'incoming'
  readonly video: boolean
  /** When it began, of a call that is to be taken over from another device of this person, in milliseconds since 1970. */
  readonly began?: number
  /** Tells the hub that this side is through with a call, and again until the hub took it. */
  readonly goodbye: (call: CallId, kind: Goodbye) => void
}

/** CallElsewhere is a call that another device, or another page, of this person has. */
export interface CallElsewhere {
  readonly id: CallId
  readonly peer: AccountId
  readonly video: boolean
  /** Whether this person made it. */
  readonly caller: boolean
  /** In milliseconds since 1970. */
  readonly began: number
}

/** What a Call tells. */
export interface CallEvents extends Record<string, readonly unknown[]> {
  /** Something that can be read from the call has changed. */
  readonly change: readonly []
  readonly ended: readonly [reason: EndReason]
  /** A device in use went away. */
  readonly device: readonly [event: DeviceEvent]
}
