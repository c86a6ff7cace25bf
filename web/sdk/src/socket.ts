import { Emitter } from './emitter.ts'
import { type Environment, type SocketLike } from './environment.ts'
import { FrameError, readEnvelope } from './envelope.ts'
import { type Outgoing, readBody, type Received, writeFrame } from './frames.ts'
import { type Address, type BootId, type ClientKind, closeCodes, type FrameId, wire } from './wire.gen.ts'

/** SocketState is idle before connect, waiting between two tries, closed when it will not come back by itself. */
export type SocketState = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed'

/** StopReason tells why a connection is closed for good. */
export type StopReason = 'left' | 'signed_out' | 'replaced' | 'too_many' | 'flood' | 'protocol'

/** What a SignalSocket tells. */
export interface SocketEvents extends Record<string, readonly unknown[]> {
  readonly state: readonly [state: SocketState]
  /**
   * A new session began: what the HTTP API shows may have changed meanwhile.
   * With rebooted, the hub is not the same run of it as before.
   */
  readonly fresh: readonly [rebooted: boolean]
  /** The session before goes on; the frames that were missed follow. */
  readonly resumed: readonly []
  readonly frame: readonly [frame: Received]
  /** Something that is not a frame of this protocol came in and was left out. */
  readonly ignored: readonly [error: FrameError]
  /** A try ended before the hub said welcome; the session may be over. */
  readonly refused: readonly []
}

const firstDelay = 250
/** Once the hub has been away for longer than patience. */
const maxDelay = 30_000
/** While it may just start again: back within two seconds of that. */
const maxDelayEarly = 1600
const patience = 60_000
/** As long as a call waits for the connection. */
const maxDelayHurried = 1000
const openStates: ReadonlySet<SocketState> = new Set(['connecting', 'open', 'waiting'])

/**
 * SignalSocket keeps one session with the hub over as many connections as it
 * takes. Both sides number what they sent, so that nothing is lost or taken
 * twice while the session lasts. What was on its way when a session ended is
 * lost: whoever sent it says again what still holds when `fresh` is told.
 */
export class SignalSocket extends Emitter<SocketEvents> {
  readonly #env: Environment
  readonly #url: string
  #state: SocketState = 'idle'
  #stopReason: StopReason | undefined
  #retryAt: number | undefined
  #self: Address | undefined
  #socket: SocketLike | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #unwatch: (() => void) | undefined
  #failures = 0
  /** When the connection was lost, in milliseconds since 1970. */
  #since = 0
  #hurried = 0
  /** How long the hub says to stay away, in milliseconds. */
  #away = 0
  #boot: BootId | undefined
  #resume: string | undefined
  #cursor = 0
  /** What was sent in this session, the newest last, and how many frames that were in all. */
  #kept: string[] = []
  #sent = 0

  constructor(env: Environment, base = '') {
    super()
    this.#env = env
    this.#url = `${(base === '' ? env.origin : base).replace(/^http/, 'ws')}/api/v1/signal`
  }

  get state(): SocketState {
    return this.#state
  }

  get stopReason(): StopReason | undefined {
    return this.#stopReason
  }

  /** When the next try begins, in milliseconds since 1970, while waiting. */
  get retryAt(): number | undefined {
    return this.#retryAt
  }

  /** Who the hub says that we are, once it did. */
  get self(): Address | undefined {
    return this.#self
  }

  /** connect opens the session, unless it is open or on its way. */
  connect(): void {
    if (!openStates.has(this.#state)) this.#begin()
  }

  /** reconnect gives the present connection up and makes a new one at once. */
  reconnect(): void {
    if (this.#state !== 'idle') this.#begin()
  }

  /**
   * hurry keeps the pauses between two tries short, until the function that it
   * returns is called: somebody talks, and will be missed.
   */
  hurry(): () => void {
    let once = 1
    this.#hurried += once
    return () => {
      this.#hurried -= once
      once = 0
    }
  }

  /** close ends the session. */
  close(reason: StopReason = 'left'): void {
    this.#drop(1000)
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#resume = undefined
    this.#forget()
    this.#self = undefined
    this.#stopReason = reason
    this.#become('closed')
  }

  /**
   * send sends a frame, now or when the session goes on, and returns its id.
   * Where there is no session it returns undefined.
   */
  send<K extends ClientKind>(frame: Outgoing<K>): FrameId | undefined {
    if (this.#resume === undefined) return undefined
    const { id, data } = writeFrame(frame)
    this.#sent++
    this.#kept.push(data)
    if (this.#kept.length > wire.resumeFrames) this.#kept.shift()
    if (this.#state === 'open') this.#socket?.send(data)
    return id
  }

  /** Both sides count from nothing in a new session. */
  #forget(): void {
    this.#cursor = 0
    this.#sent = 0
    this.#kept = []
  }

  /** Connects without waiting, and from now on whenever the network is back. */
  #begin(): void {
    this.#unwatch ??= this.#env.watchNetwork((event) => {
      if (event === 'online') this.reconnect()
    })
    this.#failures = 0
    this.#since = this.#env.now()
    this.#try()
  }

  #become(state: SocketState): void {
    if (state !== 'closed') this.#stopReason = undefined
    if (state !== 'waiting') this.#retryAt = undefined
    if (state === this.#state) return
    this.#state = state
    this.emit('state', state)
  }

  /** Lets go of the present connection, deaf to what it may still say. Only 1000 ends the session. */
  #drop(code: number = closeCodes.silent): void {
    clearTimeout(this.#timer)
    const old = this.#socket
    this.#socket = undefined
    if (old === undefined) return
    old.onopen = old.onmessage = old.onclose = old.onerror = null
    old.close(code)
  }

  #try(): void {
    this.#drop()
    this.#timer = setTimeout(() => this.#lost(closeCodes.silent), wire.helloSeconds * 1000)
    this.#become('connecting')
    if (this.#failures > 1) void this.#knock()
    else this.#open()
  }

  /**
   * Asks for the server before a WebSocket does: Firefox puts off each one
   * after another that failed, in the end for a minute.
   */
  async #knock(): Promise<void> {
    const timer = this.#timer
    const page = this.#url.replace(/^ws(.*)signal$/, 'http$1openapi.json')
    const there = await this.#env.fetch(page, { method: 'HEAD', mode: 'no-cors', cache: 'no-store' }).then(
      () => true,
      () => false,
    )
    if (timer !== this.#timer || this.#state !== 'connecting') return // too late
    if (there) this.#open()
    else this.#lost(closeCodes.silent)
  }

  #open(): void {
    const socket = this.#env.openSocket(this.#url, [wire.subprotocol])
    this.#socket = socket
    socket.onopen = () => this.#hello(socket)
    socket.onmessage = (event: { data: unknown }) => this.#receive(event.data)
    socket.onclose = (event: { code: number }) => this.#lost(event.code)
  }

  #hello(socket: SocketLike): void {
    const { data } = writeFrame({
      kind: 'hello',
      body: {
        min: wire.minVersion,
        max: wire.maxVersion,
        features: [wire.featureMove],
        ...(this.#resume === undefined ? {} : { resume: this.#resume, cursor: this.#cursor }),
      },
    })
    socket.send(data)
  }

  #receive(data: unknown): void {
    try {
      const envelope = readEnvelope(data)
      const seq = envelope.seq ?? 0
      if (seq > 0 && seq <= this.#cursor) return // told already, before the connection was lost
      this.#cursor = Math.max(seq, this.#cursor)
      const frame = readBody(envelope)
      if (frame.kind === 'welcome') this.#welcome(frame)
      else if (frame.kind === 'error' && this.#state !== 'open') this.#away = (frame.body.retry_after ?? 0) * 1000
      else this.emit('frame', frame)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.emit('ignored', error)
    }
  }

  #welcome({ body }: Received<'welcome'>): void {
    if (this.#state === 'open') return
    clearTimeout(this.#timer)
    this.#failures = 0
    this.#self = body.self
    this.#resume = body.resume
    if (!body.resumed) this.#forget()
    const rebooted = this.#boot !== undefined && this.#boot !== body.boot
    this.#boot = body.boot
    const lost = this.#sent - body.received
    if (lost > 0) for (const data of this.#kept.slice(-lost)) this.#socket?.send(data)
    this.#become('open')
    if (body.resumed) this.emit('resumed')
    else this.emit('fresh', rebooted)
  }

  #lost(code: number): void {
    const welcomed = this.#state === 'open'
    if (welcomed) this.#since = this.#env.now()
    this.#drop()
    if (code >= 4500 && code < 5000) {
      this.close(stopReasons[code] ?? 'protocol')
      return
    }
    const delay = this.#away + this.#delay()
    this.#away = 0
    this.#failures++
    this.#timer = setTimeout(() => this.#try(), delay)
    this.#retryAt = this.#env.now() + delay
    this.#become('waiting')
    if (!welcomed) this.emit('refused')
  }

  /** Doubles with each failure; half of it is left to chance, so that a thousand clients don't come back at once. */
  #delay(): number {
    const calm = this.#env.now() - this.#since < patience ? maxDelayEarly : maxDelay
    const whole = Math.min(firstDelay * 2 ** this.#failures, this.#hurried > 0 ? maxDelayHurried : calm)
    return Math.round(whole / 2 + (this.#env.random() * whole) / 2)
  }
}

const stopReasons: Readonly<Record<number, StopReason>> = {
  [closeCodes.replaced]: 'replaced',
  [closeCodes.signedOut]: 'signed_out',
  [closeCodes.protocol]: 'protocol',
  [closeCodes.tooMany]: 'too_many',
  [closeCodes.flood]: 'flood',
}
