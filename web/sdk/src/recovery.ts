import { type Environment } from './environment.ts'
import { type PeerLink } from './link.ts'
import { Lookout } from './lookout.ts'
import { type SignalSocket } from './socket.ts'
import { digest } from './stats.ts'
import { type FrameId, type ICEServer } from './wire.gen.ts'

const answerWithin = 3000
const healWithin = 5000
/** Where no relay could be reached: one that starts anew is back soon. Each time twice as long. */
const barrenPause = 500
/** How long the polite side leaves it to the other to look for a new way. */
const givesWayFor = 1500
const flowWithin = 500

/** RecoveryOptions is what a Recovery works with. */
export interface RecoveryOptions {
  readonly env: Environment
  readonly signal: SignalSocket
  readonly link: PeerLink
  /** Whether this side leaves it to the other one first, which mostly notices at the same moment. */
  readonly polite: boolean
  /** Whether the way goes through a relay. */
  readonly relayed: () => boolean
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
  #flow: ReturnType<typeof setTimeout> | undefined
  #probing = false
  #wanted = false
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
      relayed: options.relayed,
      onSilent: () => {
        if (options.link.state === 'connected' && !this.#wanted) this.start()
      },
      onSound: () => {
        if (options.link.state === 'connected') this.healed()
      },
    })
    this.#unhear = [
      options.env.watchNetwork((event) => {
        if (event === 'online') this.start()
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

  /** start looks for a new way, at once or as soon as the hub can be reached. */
  start(): void {
    if (!this.#wanted) this.#theirs = false
    this.#wanted = true
    clearTimeout(this.#timer)
    const { signal } = this.#o
    this.#asked = this.#o.ask()
    if (signal.state === 'open') this.#timer = setTimeout(() => signal.reconnect(), answerWithin)
  }

  /** again asks in a new session what was asked in the one before. */
  again(): void {
    if (this.#wanted) this.start()
  }

  /** servers are the hub's answer. */
  servers(servers: readonly ICEServer[]): void {
    clearTimeout(this.#timer)
    this.#asked = undefined
    if (!this.#wanted) return
    this.#wanted = false
    this.#o.link.use(servers)
    this.#giving = this.#o.polite
    if (!this.#giving) this.#restart()
    else if (this.#theirs) this.#heals()
    else this.#timer = setTimeout(() => this.#restart(), givesWayFor)
  }

  /** offered says that the other side looks for a new way, too: one offer is enough. */
  offered(): void {
    this.#theirs = true
    if (this.#giving) this.#heals()
  }

  #restart(): void {
    this.#o.link.restart()
    this.#heals()
  }

  #heals(): void {
    this.#giving = this.#theirs = false
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (this.#o.link.state !== 'connected') this.start()
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
    if (this.#wanted) return // another change of network came in between
    this.#giving = false
    this.#barren = 0
    clearTimeout(this.#timer)
  }

  close(): void {
    this.#lookout.stop()
    for (const unhear of this.#unhear) unhear()
    clearTimeout(this.#timer)
    clearTimeout(this.#flow)
  }

  /** Browsers tell of a change where only an estimate changed: it counts where nothing comes in any more. */
  async #probe(): Promise<void> {
    if (this.#probing) return
    this.#probing = true
    const before = await this.#received()
    await new Promise<void>((resolve) => {
      this.#flow = setTimeout(resolve, flowWithin)
    })
    const now = await this.#received()
    this.#probing = false
    if (before !== undefined && now === before) this.#switched()
  }

  #switched(): void {
    this.#o.signal.reconnect()
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
