import { type CallElsewhere, type CallSettings, type Goodbye } from './call-types.ts'
import { Call } from './call.ts'
import { Emitter } from './emitter.ts'
import { type Environment } from './environment.ts'
import { type Received } from './frames.ts'
import { Measuring } from './measuring.ts'
import { type SignalSocket } from './socket.ts'
import { newId } from './text.ts'
import { type AccountId, type BodyOf, type CallId, type FrameId } from './wire.gen.ts'

interface CallsEvents extends Record<string, readonly unknown[]> {
  /** Another call is the current one, or none is. */
  readonly change: [call: Call | undefined]
  /** Somebody calls. */
  readonly incoming: readonly [call: Call]
  /** Somebody calls while there is a call, or that has ended. */
  readonly waiting: [call: Call | undefined]
  /** What this person has on other devices has changed. */
  readonly elsewhere: []
}

const yieldFor = 5000

interface Leaving {
  readonly kind: Goodbye
  ref?: FrameId | undefined
}

/**
 * Calls keeps the calls of this device: one at a time. Whoever calls meanwhile
 * waits: it can be taken in the current one's place, or declined, and rings by
 * itself once that has ended. A third hears that this device is busy. Where two
 * people call each other at the same moment, the hub ends one of the two calls,
 * and who had made it answers the other without being asked: they wanted to talk.
 */
export class Calls extends Emitter<CallsEvents> {
  readonly #env: Environment
  readonly #signal: SignalSocket
  #current: Call | undefined
  #waiting: Call | undefined
  /** Who waited, and is being answered: nobody has to be asked. */
  #wanted: Call | undefined
  /** The other's call to us while ours to them is under way, until the hub says which one stays. */
  #held: Received<'incoming'> | undefined
  /** A call of ours that the hub ended so, while the other's has not come in yet. */
  #yielded: { readonly call: Call; readonly until: number } | undefined
  /** How calls go, of a person who has agreed that it is told. */
  readonly #measuring = new Map<CallId, Measuring>()
  readonly #leaving = new Map<CallId, Leaving>()
  readonly #elsewhere = new Map<CallId, CallElsewhere>()
  /** Read when a call begins. */
  settings: CallSettings = { relay: 'auto' }

  constructor(env: Environment, signal: SignalSocket) {
    super()
    this.#env = env
    this.#signal = signal
    signal.on('frame', (frame) => this.#take(frame))
    signal.on('fresh', () => {
      this.#elsewhere.clear() // they are told anew
      this.emit('elsewhere')
      this.#leaveAgain()
    })
  }

  /** possible is false where the browser has no WebRTC: there, don't start or answer a call. */
  get possible(): boolean {
    return this.#env.webrtc !== false
  }

  get current(): Call | undefined {
    return this.#current
  }

  /** The call of somebody who calls while there is another. */
  get waiting(): Call | undefined {
    return this.#waiting
  }

  /** The calls that this person has on other devices. */
  get elsewhere(): readonly CallElsewhere[] {
    return [...this.#elsewhere.values()]
  }

  /** bring has one of them go on here. It returns nothing where one runs here, or that one is over. */
  bring(id: CallId): Call | undefined {
    const there = this.#elsewhere.get(id)
    if (there === undefined || this.#current !== undefined) return undefined
    const call = this.#make(id, there.peer, there.caller ? 'outgoing' : 'incoming', there.video, this.settings, there.began)
    this.#become(call)
    void call.bring()
    return call
  }

  /** switchTo answers the call that waits, and ends the current one: on this device alone, where that only rings. */
  async switchTo(options: { video: boolean }): Promise<void> {
    const next = this.#waiting
    if (next === undefined) return
    this.#wanted = next
    this.#current?.quit() // first: its camera and microphone are wanted
    this.#wanted = undefined
    await next.answer(options)
  }

  /** quit ends what there is on this device, when its page goes. */
  quit(): void {
    const [waiting, current] = [this.#waiting, this.#current]
    this.#wait(undefined)
    waiting?.quit()
    current?.quit()
  }

  /** start calls an account. It throws where a call is running: people end one call before the next. */
  start(account: AccountId, options: { video: boolean }): Call {
    if (this.#current !== undefined) throw new Error('a call is running')
    const call = this.#make(newId(), account, 'outgoing', options.video)
    this.#become(call)
    void call.place()
    return call
  }

  #make(id: CallId, peer: AccountId, direction: Call['direction'], video: boolean, settings = this.settings, began?: number): Call {
    const call = new Call({
      env: this.#env,
      signal: this.#signal,
      settings,
      id,
      peer,
      direction,
      video,
      ...(began === undefined ? {} : { began }),
      goodbye: (leaving, kind) => this.#leave(leaving, { kind }),
    })
    if (began === undefined) this.#measure(call)
    call.on('ended', () => this.#ended(call))
    return call
  }

  #measure(call: Call): void {
    if (this.settings.measure !== true) return
    const measuring = new Measuring(call, {
      env: this.#env,
      agreed: () => this.settings.measure === true,
      send: (body) => void this.#signal.send({ kind: 'measured', call: call.id, body }),
    })
    this.#measuring.set(call.id, measuring)
    call.on('ended', () => this.#measuring.delete(call.id))
  }

  #take(frame: Received): void {
    if (frame.kind === 'ok' || frame.kind === 'error') {
      this.#answeredTo(frame.body.ref)
      for (const call of [this.#current, this.#waiting]) if (call?.owns(frame.body.ref) === true) call.take(frame)
      return
    }
    if (frame.call === undefined) return
    if (frame.kind === 'incoming') {
      this.#incoming(frame)
      return
    }
    this.#sees(frame)
    if (frame.kind === 'ended') {
      this.#leaving.delete(frame.call)
      if (this.#held?.call === frame.call) this.#held = undefined
    }
    if (frame.call === this.#current?.id) {
      this.#current.take(frame)
      if (frame.kind === 'answered') this.#refuseHeld()
    } else if (frame.call === this.#waiting?.id) {
      this.#waiting.take(frame)
    } else if ((frame.kind === 'answered' || frame.kind === 'calling') && !this.#leaving.has(frame.call)) {
      this.#leave(frame.call, { kind: 'hangup' }) // of a page that is gone
    }
  }

  /** What is answered is here now. */
  #sees({ kind, call, body }: Received): void {
    if (call !== undefined && (kind === 'elsewhere' || kind === 'answered')) this.#there(call, body)
  }

  #there(id: CallId, { device, peer, media, caller = false, seconds = 0 }: Partial<BodyOf['elsewhere']>): void {
    if (device !== undefined && peer?.account !== undefined) this.#elsewhere.set(id, { id, peer: peer.account, video: media === 'video', caller, began: this.#env.now() - seconds * 1000 })
    else if (!this.#elsewhere.delete(id)) return
    this.emit('elsewhere')
  }

  #incoming(frame: Received<'incoming'>): void {
    const { call: id, from } = frame
    if (id === undefined || from?.account === undefined || this.#leaving.has(id)) return
    const own = this.#current
    const known = [own, this.#waiting].find((call) => call?.id === id)
    if (known !== undefined) {
      known.take(frame)
      return
    }
    if (own === undefined) {
      const yielded = this.#yielded
      this.#yielded = undefined
      const mutual = yielded !== undefined && yielded.call.peer === from.account && this.#env.now() < yielded.until
      if (mutual) this.#swap(yielded.call, frame, id, from.account)
      else this.#ring(frame, id, from.account)
      return
    }
    const mutual = own.direction === 'outgoing' && own.peer === from.account && own.other === undefined
    if (!mutual) this.#arriveBeside(frame, id, from.account)
    else if (own.state === 'preparing') this.#swap(own, frame, id, from.account) // ours was not told to the hub yet
    else this.#held = frame
  }

  #refuseHeld(): void {
    if (this.#held?.call !== undefined) this.#leave(this.#held.call, { kind: 'busy' })
    this.#held = undefined
  }

  /** It connects once it is answered: nothing of this device's network goes to it meanwhile. */
  #arriveBeside(frame: Received<'incoming'>, id: CallId, account: AccountId): void {
    if (this.#waiting !== undefined) {
      this.#leave(id, { kind: 'busy' })
      return
    }
    const call = this.#make(id, account, 'incoming', frame.body.media === 'video', { ...this.settings, early: false })
    this.#wait(call)
    call.arrive(frame.body)
  }

  #ring(frame: Received<'incoming'>, id: CallId, account: AccountId): void {
    const call = this.#make(id, account, 'incoming', frame.body.media === 'video')
    this.#become(call)
    call.arrive(frame.body)
    this.emit('incoming', call)
  }

  /** The other's call takes the place of ours, as if it had been answered at once. */
  #swap(own: Call, frame: Received<'incoming'>, id: CallId, account: AccountId): void {
    this.#held = undefined
    const call = this.#make(id, account, 'incoming', frame.body.media === 'video')
    this.#current = call
    call.arrive(frame.body)
    void call.takeOver(own)
    this.emit('change', call)
  }

  #ended(call: Call): void {
    if (call === this.#waiting) this.#wait(undefined)
    if (call !== this.#current) return
    if (call.endReason !== 'cancelled') this.#there(call.id, {})
    const held = this.#held
    this.#held = undefined
    const account = held?.from?.account
    if (held?.call === undefined || account === undefined) {
      if (call.endReason === 'glare') this.#yielded = { call, until: this.#env.now() + yieldFor }
      this.#goOn()
    } else if (call.endReason === 'glare') this.#swap(call, held, held.call, account)
    else this.#ring(held, held.call, account)
  }

  /** Who waited is next. */
  #goOn(): void {
    const next = this.#waiting
    this.#wait(undefined)
    this.#become(next)
    if (next !== undefined && next !== this.#wanted) this.emit('incoming', next)
  }

  #wait(call: Call | undefined): void {
    if (call === this.#waiting) return
    this.#waiting = call
    this.emit('waiting', call)
  }

  #become(call: Call | undefined): void {
    this.#current = call
    this.emit('change', call)
  }

  #leave(id: CallId, leaving: Leaving): void {
    this.#measuring.get(id)?.leaving()
    this.#leaving.set(id, leaving)
    this.#tell(id, leaving)
  }

  #tell(call: CallId, leaving: Leaving): void {
    leaving.ref =
      leaving.kind === 'hangup'
        ? this.#signal.send({ kind: 'hangup', call, body: {} })
        : this.#signal.send({ kind: 'decline', call, body: leaving.kind === 'busy' ? { busy: true } : {} })
  }

  #leaveAgain(): void {
    for (const [id, leaving] of this.#leaving) this.#tell(id, leaving)
  }

  /** Whatever the hub answers to a goodbye, it was heard. */
  #answeredTo(ref: FrameId | undefined): void {
    if (ref === undefined) return
    for (const [id, leaving] of this.#leaving) if (leaving.ref === ref) this.#leaving.delete(id)
  }
}
