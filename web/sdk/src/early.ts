import { behindRelay, withoutCandidates } from './candidates.ts'
import { type Environment } from './environment.ts'
import { PeerLink } from './link.ts'
import { Timers } from './timers.ts'
import { type BodyOf, type ICEServer } from './wire.gen.ts'

const togetherWithin = 100 // a device that rings and one that is ready are told in one go
const readyWithin = 4000

/** EarlyOptions is what an Early works with. */
export interface EarlyOptions {
  readonly env: Environment
  /** Whether this person wants it. */
  readonly wanted: boolean
  readonly direction: 'outgoing' | 'incoming'
  /** Sends to the other device, as far as the hub lets it. */
  readonly send: (body: BodyOf['warm']) => void
}

/**
 * Early is the connection that is made while a call rings, so that the answer
 * has only to put tracks into it. It goes through relays alone, says nothing of
 * this device and takes nothing else from the other side; no track is in it.
 */
export class Early {
  readonly #o: EarlyOptions
  #servers: readonly ICEServer[] = []
  #link: PeerLink | undefined
  #described = false
  #over = false
  readonly #timers = new Timers()
  /** Starts the other connection, of the caller, which waits as long as this one may do. */
  #ordinary: (() => void) | undefined
  #both = false

  constructor(options: EarlyOptions) {
    this.#o = options
  }

  get wanted(): boolean {
    return this.#o.wanted
  }

  /** Whether it stands, so that the call can be answered over it. */
  get ready(): boolean {
    return this.#link?.state === 'connected'
  }

  /** equip takes the servers of this call, and tells whether one of them will do. */
  equip(servers: readonly ICEServer[]): boolean {
    this.#servers = this.#o.wanted ? oneRelay(servers) : []
    return this.#servers.length > 0
  }

  /**
   * hold takes what begins the caller's ordinary connection, and begins it only
   * where this one will not do: a ring costs the relays little.
   */
  hold(ordinary: () => void): void {
    this.#ordinary = ordinary
    if (this.#servers.length === 0) this.#begin()
  }

  /** rings hears that a device rings; one that is ready says so together with it. */
  rings(): void {
    if (this.#link === undefined) this.#timers.set('ordinary', togetherWithin, () => this.#begin())
  }

  /** go begins, for the caller: the hub has said with whom. */
  go(): void {
    if (this.#o.direction === 'incoming' || this.#both) return // the offer comes; or it is too late
    const link = this.#open()
    if (link === undefined) return
    this.#timers.set('ordinary', readyWithin, () => {
      if (!this.ready) this.#begin()
    })
    this.#try(async () => {
      const { type, sdp } = await link.offer()
      this.#o.send({ type, sdp, candidates: [] })
      await link.begin(this.#servers)
    })
  }

  /** take acts on what the other device says. */
  take({ type, sdp, candidates, end }: BodyOf['warm']): void {
    const incoming = this.#o.direction === 'incoming'
    if (sdp !== undefined && type === (incoming ? 'offer' : 'answer') && !this.#described) {
      const link = incoming ? this.#open() : this.#link
      if (link === undefined) return
      this.#described = true
      const clean = withoutCandidates(sdp).sdp
      this.#try(() => (incoming ? this.#answer(link, clean) : link.establish({ type: 'answer', sdp: clean })))
    }
    const relays = candidates.map(behindRelay).filter((c) => c !== undefined)
    const link = this.#link
    if (link !== undefined && (relays.length > 0 || end === true)) this.#try(() => link.takeCandidates({ candidates: relays, ...(end === true ? { end } : {}) }))
  }

  /** hand gives the connection away. */
  hand(): PeerLink | undefined {
    this.#timers.clearAll()
    const link = this.#link
    this.#link = undefined
    this.#over = true
    return link
  }

  /** yield leaves the call to the ordinary connection. */
  yield(): void {
    this.close()
    this.#begin()
  }

  close(): void {
    this.hand()?.close()
  }

  #begin(): void {
    this.#both = true
    this.#ordinary?.()
    this.#ordinary = undefined
  }

  async #answer(link: PeerLink, sdp: string): Promise<void> {
    const answer = await link.prepare(this.#servers, { type: 'offer', sdp })
    if (answer === undefined) return
    this.#o.send({ ...answer, candidates: [] })
    await link.settle()
    await link.establish()
  }

  #open(): PeerLink | undefined {
    if (this.#over || this.#link !== undefined || this.#servers.length === 0) return undefined
    const link = new PeerLink(this.#o.env, { polite: this.#o.direction === 'incoming', relayOnly: true })
    link.on('candidates', ({ candidates, end }) => {
      const relays = candidates.map(behindRelay).filter((c) => c !== undefined)
      if (relays.length > 0 || end === true) this.#o.send({ candidates: relays, ...(end === true ? { end } : {}) })
    })
    this.#link = link
    return link
  }

  /** What fails here costs nothing: the call is made as it always was. */
  #try(step: () => Promise<void>): void {
    step().catch(() => undefined)
  }
}

/** oneRelay keeps one relay over UDP: each end makes one allocation. */
function oneRelay(servers: readonly ICEServer[]): ICEServer[] {
  for (const server of servers) {
    const url = server.urls.find((u) => u.startsWith('turn:') && !/[?&]transport=tcp/.test(u))
    if (url !== undefined) return [{ ...server, urls: [url] }]
  }
  return []
}
