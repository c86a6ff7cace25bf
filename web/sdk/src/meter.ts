import { type CallStats, digest, type Quality, qualityOf } from './stats.ts'

const pollEvery = 1000
const hurry = 200

/** Meter reads a connection's figures now and then, more often until it knows the path. */
export class Meter {
  readonly #read: () => Promise<RTCStatsReport>
  readonly #changed: () => void
  readonly #figures: (now: CallStats, before: CallStats | undefined) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #last: CallStats | undefined
  #running = false

  /** changed is called when path or quality are not what they were, figures at each reading. */
  constructor(read: () => Promise<RTCStatsReport>, changed: () => void, figures: (now: CallStats, before: CallStats | undefined) => void = () => undefined) {
    this.#read = read
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
    return digest(await this.#read(), this.#last)
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
