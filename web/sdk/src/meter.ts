import { type CallStats, digest, type Quality, qualityOf } from './stats.ts'

const pollEvery = 1000
const hurry = 200

/** Measured is a connection that has figures. */
export interface Measured {
  readonly relays: ReadonlySet<string>
  getStats(): Promise<RTCStatsReport>
}

/** Meter reads a connection's figures now and then, more often until it knows the path. */
export class Meter {
  readonly #of: Measured
  readonly #changed: () => void
  readonly #figures: (now: CallStats, before: CallStats | undefined) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #last: CallStats | undefined
  #running = false

  /** changed is called when path or quality are not what they were, figures at each reading. */
  constructor(of: Measured, changed: () => void, figures: (now: CallStats, before: CallStats | undefined) => void = () => undefined) {
    this.#of = of
    this.#changed = changed
    this.#figures = figures
  }

  get path(): CallStats['path'] {
    return this.#last?.path
  }

  get quality(): Quality | undefined {
    return this.#last === undefined ? undefined : qualityOf(this.#last)
  }

  /** now reads the present figures. */
  async now(): Promise<CallStats> {
    return digest(await this.#of.getStats(), this.#last, this.#of.relays)
  }

  start(): void {
    if (this.#running) clearTimeout(this.#timer)
    this.#running = true
    void this.#poll()
  }

  stop(): void {
    this.#running = false
    clearTimeout(this.#timer)
  }

  async #poll(): Promise<void> {
    const next = await this.now().catch(() => undefined)
    if (!this.#isRunning()) return
    const { path, quality } = this
    if (next !== undefined) this.#figures(next, this.#last)
    this.#last = next ?? this.#last
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#poll(), this.path === undefined ? hurry : pollEvery)
    if (path !== this.path || quality !== this.quality) this.#changed()
  }

  #isRunning(): boolean {
    return this.#running
  }
}
