import { type Environment } from './environment.ts'
import { type PeerLink } from './link.ts'
import { Lookout } from './lookout.ts'
import { type SignalSocket } from './socket.ts'
import { digest } from './stats.ts'
import { type FrameId, type ICEServer } from './wire.gen.ts'

/** So long the hub may take to answer before the connection to it counts as lost with the way, and then each time. */
const answerWithin = 400
const answerAgainWithin = 3000
const healWithin = 5000
/** Where no relay could be reached: one that starts anew is back soon. Each time twice as long. */
const barrenPause = 500
/** How long the polite side leaves it to the other to look for a new way. */
const givesWayFor = 1500
const flowWithin = 300

/** RecoveryOptions is what a Recovery works with. */
export interface RecoveryOptions {
  readonly env: Environment
  readonly signal: SignalSocket
  readonly link: PeerLink
  /** Whether this side leaves it to the other one first, which mostly notices at the same moment. */
  readonly polite: boolean
  /** Asks the hub for fresh servers, now or when its session goes on. */
  readonly ask: () => FrameId | undefined
}

/**
 * Recovery brings media back when their way is lost. Servers are asked for
 * anew each time, because credentials are short-lived; the asking also shows
 * whether the hub is still there, which a browser can't see otherwise.
 *
 * Both sides notice at about the same time. Two offers that cross are settled
 * by taking one back, after which Chromium at times shows no picture any more,
 * though it decodes one: so one side waits a moment for the other's.
 */
export class Recovery {
  readonly #o: RecoveryOptions
  readonly #unhear: readonly (() => void)[]
  readonly #lookout: Lookout
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Runs until the hub has answered. */
  #proof: ReturnType<typeof setTimeout> | undefined
  #flow: ReturnType<typeof setTimeout> | undefined
  #probing = false
  /** A search is under way, from its first question until media come in again. */
  #searching = false
  /** Servers are asked for. */
  #wanted = false
  /** Only because nothing came in for a moment: if something does, it is left at that. */
  #tentative = false
  /** This device is in another network: the other side can't know, and is not waited for. */
  #moved = false
  #giving = false
  /** Whether the other side's offer came since this one began to look. */
  #theirs = false
  #asked: FrameId | undefined
  /** How many searches in a row reached no relay. */
  #barren = 0

  constructor(options: RecoveryOptions) {
    this.#o = options
    this.#lookout = new Lookout({
      link: options.link,
      onSilent: () => {
        if (options.link.state !== 'connected' || this.#searching) return
        this.#tentative = true
        this.start()
      },
      onSound: () => {
        if (options.link.state === 'connected') this.healed()
      },
      onAnotherWay: () => {
        options.link.redraw().catch(() => undefined) // a link that closes needs no picture
        if (!this.#searching) this.#verify()
      },
    })
    this.#unhear = [
      options.env.watchNetwork((event) => {
        if (event === 'online') this.#move()
        if (event === 'change') void this.#probe()
      }),
      options.link.on('candidates', ({ end }) => {
        if (end === true && options.link.barren) this.#foundNothing()
      }),
    ]
  }

  /** The id of the frame that asked for servers last. */
  get asked(): FrameId | undefined {
    return this.#asked
  }

  /** watch begins to look whether media come in. */
  watch(): void {
    this.#lookout.start()
  }

  /** changed says that the other side sends something else from now on, or nothing. */
  changed(): void {
    this.#lookout.changed()
  }

  /** lost says that the way is lost, which a search that is under way knows. */
  lost(): void {
    this.#tentative = false
    if (!this.#searching) this.start()
  }

  /** start looks for a new way, at once or as soon as the hub can be reached. */
  start(): void {
    if (!this.#wanted) this.#theirs = false
    this.#searching = this.#wanted = true
    this.#lookout.doubts()
    clearTimeout(this.#timer)
    this.#verify()
  }

  /** Asks for servers, and so whether the hub is there: a browser does not see that its connection led by the network before. */
  #verify(): void {
    this.#asked = this.#o.ask()
    this.#await(answerWithin)
  }

  #await(within: number): void {
    clearTimeout(this.#proof)
    this.#proof = setTimeout(() => {
      if (within > answerWithin || this.#o.signal.state === 'open') this.#o.signal.reconnect()
      if (this.#wanted) this.#await(answerAgainWithin)
    }, within)
  }

  /** again asks in a new session what was asked in the one before. */
  again(): void {
    if (this.#wanted) this.start()
  }

  /** servers are the hub's answer. */
  servers(servers: readonly ICEServer[]): void {
    clearTimeout(this.#proof)
    this.#asked = undefined
    if (!this.#wanted) return
    this.#wanted = this.#tentative = false
    this.#o.link.use(servers)
    const moved = this.#moved
    this.#moved = false
    this.#giving = this.#o.polite && !moved
    if (this.#theirs && !moved) this.#heals()
    else if (this.#giving) this.#timer = setTimeout(() => this.#restart(), givesWayFor)
    else this.#restart()
  }

  /** offered says that the other side looks for a new way, too: one offer is enough. */
  offered(): void {
    this.#theirs = true
    if (this.#wanted) return
    if (!this.#searching) this.#lookout.doubts()
    this.#searching = true
    this.#heals()
  }

  #restart(): void {
    this.#o.link.restart()
    this.#heals()
  }

  #heals(): void {
    this.#giving = this.#theirs = false
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#searching = false
      if (this.#o.link.state !== 'connected' || this.#lookout.alarmed) this.start()
    }, healWithin)
  }

  /** A search that can't succeed from this side is not waited for. */
  #foundNothing(): void {
    if (this.#wanted || (this.#o.link.state === 'connected' && !this.#lookout.alarmed)) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.start(), Math.min(healWithin, barrenPause * 2 ** this.#barren++))
  }

  /** healed ends the search. */
  healed(): void {
    if (this.#wanted && !this.#tentative) return // another change of network came in between
    this.#searching = this.#wanted = this.#tentative = this.#giving = false
    this.#barren = 0
    clearTimeout(this.#timer)
  }

  /** drop forgets the search: there is another connection in the place of the one whose way was lost. */
  drop(): void {
    this.#wanted = false
    this.healed()
  }

  close(): void {
    this.#lookout.stop()
    for (const unhear of this.#unhear) unhear()
    clearTimeout(this.#timer)
    clearTimeout(this.#flow)
    clearTimeout(this.#proof)
  }

  /** Browsers tell of a change where only an estimate changed: it counts where nothing comes in any more. */
  async #probe(): Promise<void> {
    if (this.#probing || this.#searching) return
    this.#probing = true
    const before = await this.#received()
    await new Promise<void>((resolve) => {
      this.#flow = setTimeout(resolve, flowWithin)
    })
    const now = await this.#received()
    this.#probing = false
    if (before === undefined || now !== before || this.#searches()) return
    this.#o.signal.reconnect()
    this.#move()
  }

  #searches(): boolean {
    return this.#searching
  }

  #move(): void {
    this.#moved = true
    this.#tentative = false
    this.start()
  }

  async #received(): Promise<number | undefined> {
    try {
      return digest(await this.#o.link.getStats()).packetsIn
    } catch {
      return undefined
    }
  }
}
