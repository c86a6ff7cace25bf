import { type SignalSocket } from './socket.ts'
import { Timers } from './timers.ts'
import { type Address, type BodyOf, type CallId, type ClientKind, type FrameId, wire } from './wire.gen.ts'

const slack = 2000
const toldAgainWithin = 4000
/** A hub that lost the call waits for both of its devices. */
const rejoinedWithin = wire.resumeSeconds * 1000 + slack

/** LegOptions is what a Leg works with. */
export interface LegOptions {
  readonly signal: SignalSocket
  readonly call: CallId
  /** Whether the hub knows of the call yet. */
  readonly isTold: () => boolean
  /** The hub has a new session for us. */
  readonly onFresh: (rebooted: boolean) => void
  /** The hub gave this leg up, or will. */
  readonly onLost: () => void
  /** The session with the hub is over. */
  readonly onClosed: () => void
}

/** Leg is this device's part in a call, as the hub sees it: it lives as long as its session can go on. */
export class Leg {
  readonly #o: LegOptions
  readonly #timers = new Timers()
  readonly #unhear: readonly (() => void)[]

  constructor(options: LegOptions) {
    this.#o = options
    this.#unhear = [options.signal.on('state', () => this.#stateChanged()), options.signal.on('fresh', (rebooted) => options.onFresh(rebooted)), options.signal.hurry()]
  }

  /** send sends a frame of this call, now or when the session goes on. */
  send<K extends ClientKind>(kind: K, body: BodyOf[K], to?: Address): FrameId | undefined {
    return this.#o.signal.send({ kind, body, call: this.#o.call, ...(to === undefined ? {} : { to }) })
  }

  /** expectAgain waits for the hub to tell the call again, in a new session. */
  expectAgain(): void {
    this.#timers.set('again', toldAgainWithin, () => this.#o.onLost())
  }

  /** rejoin asks for the running call back, should the hub know it no more, and waits for it. */
  rejoin(body: BodyOf['rejoin']): FrameId | undefined {
    this.#timers.set('again', rejoinedWithin, () => this.#o.onLost())
    return this.send('rejoin', body)
  }

  /** Whether the hub may not know the call, which it is yet to tell again. */
  get unsure(): boolean {
    return this.#timers.has('again')
  }

  /** toldAgain says that the hub told of the call, and returns whether that was waited for. */
  toldAgain(): boolean {
    const waited = this.#timers.has('again')
    this.#timers.clear('again')
    return waited
  }

  close(): void {
    this.#timers.clearAll()
    for (const unhear of this.#unhear) unhear()
  }

  #stateChanged(): void {
    const { state } = this.#o.signal
    if (state === 'closed') this.#o.onClosed()
    else if (state === 'open') this.#timers.clear('away')
    else if (this.#o.isTold() && !this.#timers.has('away')) {
      this.#timers.set('away', wire.resumeSeconds * 1000 + slack, () => this.#o.onLost())
    }
  }
}
