import { CallRecord } from './call-record.ts'
import { type CallOptions, type CallState, type EndReason, type Goodbye, waits } from './call-types.ts'
import { Early } from './early.ts'
import { description, type Received } from './frames.ts'
import { Leg } from './leg.ts'
import { LinkClosed } from './link.ts'
import { Recovery } from './recovery.ts'
import { openJSON, sealJSON } from './text.ts'
import { Timers } from './timers.ts'
import {
  type Address,
  type BodyOf,
  type Description,
  type ErrorCode,
  type FrameId,
  type ICEServer,
} from './wire.gen.ts'

/** Call is one call of this device, from the first ring to its end. */
export class Call extends CallRecord {
  readonly #o: CallOptions
  readonly #leg: Leg
  readonly #early: Early
  readonly #recovery: Recovery
  readonly #timers = new Timers()
  readonly #unhear: readonly (() => void)[]
  /** The offer or answer of this side, once it is made. */
  #sealed: string | undefined
  #prepared: Promise<Description | undefined> = Promise.resolve(undefined)
  #ringFrame: FrameId | undefined
  #answerFrame: FrameId | undefined
  #rejoinFrame: FrameId | undefined
  #takeFrame: FrameId | undefined
  /** Takes the servers for a connection with another device than before. */
  #equip: ((servers: readonly ICEServer[]) => void) | undefined
  /** The hub that knew the call is no more, and most likely its relay with it. */
  #rebooted = false
  #called = false
  #connectingSince: number | undefined
  #servers: BodyOf['calling']['servers'] = []
  /** The call was answered over the connection that was made while it rang. */
  #tookEarly = false

  constructor(options: CallOptions) {
    super(options)
    const { env, signal, direction } = options
    this.#o = options
    this.#leg = new Leg({
      signal,
      call: this.id,
      isTold: () => this.state !== 'preparing',
      onFresh: (rebooted) => this.#fresh(rebooted),
      onLost: () => this.#leave('hangup', 'lost'),
      onClosed: () => this.#finish('lost', false),
    })
    this.#early = new Early({ env, wanted: options.settings.early === true, direction, send: (body) => void this.#leg.send('warm', body) })
    this.#recovery = new Recovery({ env, signal, link: this.link, polite: direction === 'incoming', ask: () => this.#leg.send('relay', {}) })
    this.#unhear = [
      ...this.follow(),
      this.link.on('state', () => this.#linkChanged()),
      this.link.on('candidates', (body) => void this.#leg.send('candidate', body)),
      this.link.on('description', (body) => void this.#leg.send('description', body)),
    ]
  }

  // What people do.

  /** bring has a call go on here that another device of this person has. */
  async bring(): Promise<void> {
    if (await this.own.ready(this.video)) this.#sendTake()
  }

  /** place begins an outgoing call. */
  async place(): Promise<void> {
    if (await this.own.ready(this.video)) await this.#ring()
  }

  /** arrive begins an incoming call; the answer is made ready while it rings. */
  arrive({ sealed, servers, ring_seconds, early }: BodyOf['incoming']): void {
    this.#servers = servers
    this.#leg.send('ringing', early === true && this.#early.equip(servers) ? { early } : {})
    this.#timers.set('ring', ring_seconds * 1000 + waits.ringSlack, () => this.#finish('no_answer', false))
    this.#prepared = this.#prepare(sealed, servers)
  }

  /** answer takes an incoming call. */
  async answer(options: { video: boolean }): Promise<void> {
    if (this.state !== 'incoming' || this.answering) return
    this.#setAnswering(true)
    try {
      if (await this.own.ready(options.video)) await this.#accept()
    } finally {
      this.#setAnswering(false)
    }
  }

  /** takeOver answers in the place of a call of our own to the same account, with its devices. */
  takeOver(own: Call): Promise<void> {
    this.own.adopt(own.own)
    own.#abandon()
    return this.answer({ video: own.own.wantsVideo })
  }

  /** decline refuses an incoming call on all devices. */
  decline(): void {
    if (this.state === 'incoming') this.#leave('decline', 'declined')
  }

  /** hangUp ends the call; before the answer it takes the ring back. */
  hangUp(): void {
    if (this.state === 'incoming') this.decline()
    else if (this.state === 'preparing') this.#finish('cancelled', true)
    else if (this.state !== 'ended') this.#leave('hangup', this.state === 'outgoing' ? 'cancelled' : 'hangup')
  }

  /** quit ends the call on this device alone: what rings goes on ringing elsewhere. */
  quit(): void {
    if (this.state === 'incoming') this.#leave('busy', 'declined')
    else this.hangUp()
  }

  /** retry opens the missing devices again, and goes on with a call that waited for them. */
  async retry(): Promise<void> {
    if (await this.own.retry()) await this.#goOn()
  }

  /** goOn goes on without the microphone. */
  async goOn(): Promise<void> {
    if (await this.own.goOn()) await this.#goOn()
  }

  // What the hub says.

  /** owns tells whether an answer of the hub is to a frame of this call. */
  owns(ref: FrameId | undefined): boolean {
    return ref !== undefined && [this.#ringFrame, this.#answerFrame, this.#rejoinFrame, this.#takeFrame, this.#recovery.asked].includes(ref)
  }

  /** take acts on a frame that names this call, or answers one of its frames. */
  take(frame: Received): void {
    if (this.state === 'ended') return
    switch (frame.kind) {
      case 'calling':
        this.#calling(frame.body)
        return
      case 'incoming':
        this.#toldAgain()
        return
      case 'progress':
        this.put({ ringing: true })
        this.#early.rings()
        this.changed()
        return
      case 'early':
        this.#early.go()
        return
      case 'warm':
        if (this.other === undefined) this.#early.take(frame.body)
        return
      case 'answered':
        this.#answered(frame.body)
        return
      case 'description':
        if (frame.body.type === 'offer') this.#recovery.offered()
        this.link.takeDescription(frame.body).catch(() => undefined) // what runs goes on
        return
      case 'candidate':
        this.link.takeCandidates(frame.body).catch(() => undefined)
        return
      case 'media':
        this.put({ remote: frame.body })
        this.#recovery.changed()
        this.changed()
        return
      case 'away':
        this.put({ remoteAway: frame.body.away })
        this.changed()
        return
      case 'servers':
        this.#equip?.(frame.body.servers)
        this.#recovery.servers(frame.body.servers)
        return
      case 'ended':
        this.#finish(this.#gaveUp(frame.body.reason) ? 'failed' : frame.body.reason, false)
        return
      case 'error':
        this.#refused(frame.body.ref, frame.body.code)
        return
      default: // nothing else concerns a call
    }
  }

  // Before the answer.

  async #goOn(): Promise<void> {
    if (this.state === 'preparing') {
      if (this.#o.began === undefined) await this.#ring()
      else this.#sendTake()
    }
    if (this.state === 'incoming') await this.#accept()
  }

  async #ring(): Promise<void> {
    if (this.state !== 'preparing') return
    this.#become('outgoing')
    this.#timers.set('calling', waits.calling, () => this.#leave('hangup', 'failed'))
    try {
      this.#sealed = sealJSON(await this.link.offer())
      this.#sendRing()
    } catch (error) {
      this.#broken(error)
    }
  }

  #sendRing(): void {
    if (this.state !== 'outgoing' || this.#sealed === undefined) return
    const body = { media: this.video ? 'video' : 'audio', sealed: this.#sealed, ...(this.#early.wanted ? { early: true } : {}) } as const
    this.#ringFrame = this.#leg.send('ring', body, { account: this.peer })
  }

  #calling({ servers, ring_seconds }: BodyOf['calling']): void {
    this.#toldAgain()
    if (this.state !== 'outgoing' || this.#called) return
    this.#called = true
    this.#servers = servers
    this.#early.equip(servers)
    this.#timers.clear('calling')
    this.#timers.set('ring', ring_seconds * 1000 + waits.ringSlack, () => this.#leave('hangup', 'no_answer'))
    this.#early.hold(() => this.#step(this.link.begin(servers)))
  }

  async #prepare(sealed: string | undefined, servers: BodyOf['incoming']['servers']): Promise<Description | undefined> {
    try {
      return await this.link.prepare(servers, sealed === undefined ? undefined : description(openJSON(sealed), 'sealed'))
    } catch {
      return undefined // the caller's program may still send an offer after the answer
    }
  }

  async #accept(): Promise<void> {
    const early = this.#early.ready
    const answer = early ? undefined : await this.#prepared
    if (this.state !== 'incoming') return
    this.#sealed = answer === undefined ? undefined : sealJSON(answer)
    this.#become('connecting')
    this.#timers.clear('ring')
    this.#timers.set('connect', waits.connect, () => this.#leave('hangup', 'failed'))
    if (early) this.#takeEarly()
    else this.#early.close()
    this.#sendAnswer()
    if (answer !== undefined) this.#step(this.link.settle())
  }

  #sendAnswer(): void {
    const sealed = this.#sealed === undefined ? {} : { sealed: this.#sealed }
    this.#answerFrame = this.#leg.send('answer', { media: this.own.wantsVideo ? 'video' : 'audio', ...sealed, ...(this.#tookEarly ? { early: true } : {}) })
  }

  /** The tracks go where a connection waits for them. */
  #takeEarly(): boolean {
    const link = this.#early.hand()
    if (link === undefined) return false
    this.#tookEarly = true
    this.#step(this.link.adopt(link, this.#servers))
    return true
  }

  // From one device to another.

  #sendTake(): void {
    if (this.state !== 'preparing' && this.state !== 'connecting') return
    this.#become('connecting')
    this.#timers.set('connect', waits.take, () => this.#leave('hangup', 'failed'))
    this.#takeFrame = this.#leg.send('take', {})
  }

  /** A side goes on on another device: the two connect anew. */
  #meet(peer: Address): void {
    this.put({ other: peer, remoteAway: false })
    this.#tookEarly = false
    this.metAnother()
    this.#recovery.drop()
    this.#timers.set('connect', waits.connect, () => this.#leave('hangup', 'lost'))
    this.#become(this.state === 'connected' ? 'reconnecting' : this.state)
    const servers = new Promise<readonly ICEServer[]>((resolve) => {
      this.#equip = resolve
    })
    this.#leg.send('relay', {})
    this.#step(this.link.anew(servers, this.direction === 'outgoing'))
    this.tellSending()
  }

  // After the answer.

  #answered({ media, peer, sealed, early, moved }: BodyOf['answered']): void {
    const { other } = this
    if (other !== undefined && (moved === true || other.device !== peer.device)) {
      this.#leg.toldAgain()
      this.#meet(peer)
      return
    }
    this.#toldAgain()
    if (other !== undefined) return
    switch (this.state) {
      case 'incoming': // taken on another page of this device
        this.#finish('answered_elsewhere', false)
        return
      case 'outgoing':
        this.put({ remote: { audio: true, video: media === 'video' } })
        this.#timers.clear('ring')
        this.#timers.set('connect', waits.connect, () => this.#leave('hangup', 'failed'))
        this.put({ other: peer })
        this.#become('connecting')
        if (early !== true) {
          this.#early.yield()
          this.#step(this.#establish(sealed))
        } else if (!this.#takeEarly()) {
          this.#leave('hangup', 'failed') // that connection is not here
          return
        }
        break
      case 'connecting':
        if (this.#o.began !== undefined) {
          this.#meet(peer)
          return
        }
        this.put({ other: peer })
        this.#step(this.#establish(undefined))
        if (this.link.state === 'connected') this.#linkChanged()
        break
      default:
        return
    }
    this.tellSending()
  }

  async #establish(sealed: string | undefined): Promise<void> {
    await this.link.establish(sealed === undefined ? undefined : description(openJSON(sealed), 'sealed'))
  }

  #linkChanged(): void {
    if (this.other === undefined) return
    if (this.link.state === 'connected') {
      this.#timers.clear('connect')
      this.#recovery.healed()
      this.put({ connectedAt: this.connectedAt ?? this.#o.env.now() })
      this.meter.start()
      this.#recovery.watch()
      if (this.#tookEarly) this.#tryDirect()
      this.#become('connected')
      return
    }
    if (this.state === 'connected') {
      this.#timers.set('connect', waits.connect, () => this.#leave('hangup', 'lost'))
      this.#become('reconnecting')
    }
    this.#recovery.lost()
  }

  /** Until the answer it was relays only; the media go on meanwhile. */
  #tryDirect(): void {
    this.#tookEarly = false
    if (this.direction === 'outgoing' && this.#o.settings.relay === 'auto') this.#timers.set('direct', waits.direct, () => this.#recovery.start())
  }

  protected override trackChanged(kind: 'audio' | 'video', track: MediaStreamTrack | null): void {
    this.#step(this.link.send(kind, track))
  }

  protected override tellSending(): void {
    if (this.other !== undefined) this.#leg.send('media', this.sending)
  }

  // The session with the hub.

  /**
   * A new session gets the calls of this device by being told of them again;
   * one that ran is asked for, should the hub have lost it. What was sent last
   * in the session before may be lost.
   */
  #fresh(rebooted: boolean): void {
    this.#rebooted ||= rebooted
    if (this.state === 'outgoing' && !this.#called) this.#sendRing()
    else if (this.state === 'connecting' && this.other === undefined) {
      if (this.#o.began === undefined) this.#sendAnswer()
      else this.#sendTake()
    } else if (this.other !== undefined) {
      this.#rejoinFrame = this.#leg.rejoin({ media: this.video ? 'video' : 'audio', peer: this.other, ...(this.direction === 'outgoing' ? { caller: true } : {}) })
    } else if (this.state !== 'preparing') this.#leg.expectAgain()
  }

  #toldAgain(): void {
    if (!this.#leg.toldAgain()) return
    if (this.state === 'incoming') this.#leg.send('ringing', {})
    if (this.other === undefined) return
    this.tellSending()
    this.link.repeat()
    if (this.#rebooted && this.path === 'relayed') this.#recovery.start()
    else this.#recovery.again()
    if (this.#rebooted) this.put({ remoteAway: false }) // a hub that just started says so where they are
    this.#rebooted = false
    this.changed()
  }

  #refused(ref: FrameId | undefined, code: ErrorCode): void {
    if (ref === undefined) return
    if (ref === this.#ringFrame) this.#finish(code === 'unreachable' || code === 'rate_limited' ? code : 'error', false)
    else if (ref === this.#answerFrame && this.other === undefined) this.#finish(code === 'call_gone' ? 'cancelled' : 'error', false)
    else if (ref === this.#rejoinFrame) this.#notBack(code)
    else if (ref === this.#takeFrame && this.other === undefined) this.#finish(code === 'rate_limited' ? code : 'hangup', false)
    else if (ref === this.#recovery.asked && code === 'call_gone' && !this.#leg.unsure) this.#finish('lost', false)
  }

  /** A hub that knows no rejoin may still tell the call again, as may one whose old connection to us is not known to be lost. */
  #notBack(code: ErrorCode): void {
    if (code === 'unknown_kind') this.#leg.expectAgain()
    else if (code === 'unreachable') this.#finish('reach', false)
    else if (code === 'call_gone') this.#finish('lost', false)
  }

  // Its end.

  /** Whether the other side found no way, as we didn't: the one whose clock was faster hangs up, and neither of them pressed anything. */
  #gaveUp(reason: EndReason): boolean {
    const since = this.#connectingSince
    return reason === 'hangup' && this.state === 'connecting' && since !== undefined && this.#o.env.now() - since > waits.connect - waits.apart
  }

  #abandon(): void {
    if (this.state === 'outgoing') this.#leave('hangup', 'glare')
    else this.#finish('glare', true)
  }

  #leave(kind: Goodbye, reason: EndReason): void {
    this.#o.goodbye(this.id, kind)
    this.#finish(reason, true)
  }

  #finish(reason: EndReason, byUs: boolean): void {
    if (this.state === 'ended') return
    this.#timers.clearAll()
    for (const unhear of this.#unhear) unhear()
    this.#leg.close()
    this.#recovery.close()
    this.meter.stop()
    this.own.stop()
    this.#early.close()
    this.link.close()
    this.put({ endReason: reason, endedByUs: byUs, endedAt: this.#o.env.now() })
    this.#become('ended')
    this.emit('ended', reason)
  }

  /** A step without which there is no call ends it, unless it ended before. */
  #step(step: Promise<void>): void {
    step.catch((error: unknown) => this.#broken(error))
  }

  #broken(error: unknown): void {
    if (this.state === 'ended' || error instanceof LinkClosed) return
    this.#leave('hangup', 'failed')
  }

  #setAnswering(on: boolean): void {
    this.put({ answering: on })
    if (this.state === 'incoming') this.changed()
  }

  #become(state: CallState): void {
    this.put({ state })
    if (state === 'connecting') this.#connectingSince ??= this.#o.env.now()
    this.changed()
  }
}
