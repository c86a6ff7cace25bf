import { type Call } from './call.ts'
import { type Environment } from './environment.ts'
import { type CallStats } from './stats.ts'
import { Timers } from './timers.ts'
import { type BodyOf, type Way, wire } from './wire.gen.ts'

/** By then media have found the way they stay on: a call that was connected while it rang began through relays. */
const settledAfter = 10_000
const tenth = 100

/** MeasuringOptions is what a Measuring works with. */
export interface MeasuringOptions {
  readonly env: Environment
  /** Whether the person agrees now, and not only when the call began. */
  readonly agreed: () => boolean
  readonly send: (body: BodyOf['measured']) => void
}

/**
 * Measuring tells the hub how one call went, once, for a person who has agreed
 * to that: how long it took to connect, and the way that media take. The other
 * side is told nothing. Where that one hangs up first, nobody is.
 */
export class Measuring {
  readonly #call: Call
  readonly #o: MeasuringOptions
  readonly #timers = new Timers()
  #rang: number | undefined
  #tenths: number | undefined
  #way: Way | undefined
  #looked: string | undefined
  #settled = false
  #told = false

  constructor(call: Call, options: MeasuringOptions) {
    this.#call = call
    this.#o = options
    if (call.direction === 'incoming') this.#rang = options.env.now()
    call.on('change', () => this.#changed())
    call.on('ended', () => this.#timers.clearAll())
  }

  /** leaving tells what is known so far, because this side hangs up. */
  leaving(): void {
    this.#tell()
  }

  #changed(): void {
    const { state, path } = this.#call
    if (state === 'outgoing') this.#rang ??= this.#o.env.now()
    if (state !== 'connected' || this.#told) return
    if (this.#tenths === undefined) {
      this.#tenths = tenthsOf(this.#o.env.now() - (this.#rang ?? this.#o.env.now()))
      this.#timers.set('settled', settledAfter, () => {
        this.#settled = true
        void this.#look()
      })
    }
    if (path !== this.#looked || this.#settled) {
      this.#looked = path
      void this.#look()
    }
  }

  async #look(): Promise<void> {
    const stats = await this.#call.stats().catch(() => undefined)
    if (this.#call.state !== 'connected') return // it may find another way
    this.#way = wayOf(stats) ?? this.#way
    if (this.#settled) this.#tell()
  }

  #tell(): void {
    if (this.#told || this.#tenths === undefined || this.#way === undefined || !this.#o.agreed()) return
    this.#told = true
    this.#timers.clearAll()
    this.#o.send({ tenths: this.#tenths, way: this.#way })
  }
}

/** A tenth of a second is as much as is told. */
function tenthsOf(ms: number): number {
  return Math.min(wire.maxConnectTenths, Math.max(0, Math.ceil(ms / tenth)))
}

function wayOf(stats: CallStats | undefined): Way | undefined {
  if (stats?.path !== 'relayed') return stats?.path
  return stats.candidates?.local === 'relay' ? (stats.transport ?? 'relay') : 'relay'
}
