import { signal } from '@preact/signals'

import { type Action, type Problem, toProblem } from './problem.ts'

/** Attempt is one thing that can be tried: whether it is going on, and why it last failed. */
export class Attempt {
  readonly pending = signal(false)
  readonly problem = signal<Problem | undefined>(undefined)
  readonly #during: Action | undefined

  constructor(during?: Action) {
    this.#during = during
  }

  /** Runs fn, unless it is running already. True when it went through. */
  async run(fn: () => Promise<void>): Promise<boolean> {
    if (this.pending.value) return false
    this.pending.value = true
    this.problem.value = undefined
    try {
      await fn()
      return true
    } catch (error) {
      this.problem.value = toProblem(error, this.#during)
      return false
    } finally {
      this.pending.value = false
    }
  }

  /** Puts a problem that was found before asking, or forgets it. */
  fail(problem: Problem | undefined): void {
    this.problem.value = problem
  }
}

/**
 * Latest keeps a list that the server has. While a fetch is under way another
 * wish for it is remembered, so that the last state is never missed.
 */
export class Latest<T> {
  readonly value = signal<T | undefined>(undefined)
  readonly problem = signal<Problem | undefined>(undefined)
  readonly #fetch: () => Promise<T>
  #running: Promise<void> | undefined
  #again = false
  #age = 0

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch
  }

  /** Fetches now, or once more after the fetch under way; ends when up to date. */
  refresh(): Promise<void> {
    if (this.#running !== undefined) {
      this.#again = true
      return this.#running
    }
    this.#running = this.#loop().finally(() => (this.#running = undefined))
    return this.#running
  }

  /** Forgets what it holds, and what is under way. */
  clear(): void {
    this.#age++
    this.value.value = undefined
    this.problem.value = undefined
  }

  /** Whether somebody asked again meanwhile. */
  #wanted(): boolean {
    return this.#again
  }

  async #loop(): Promise<void> {
    do {
      this.#again = false
      const age = this.#age
      try {
        const value = await this.#fetch()
        if (age !== this.#age) continue
        this.value.value = value
        this.problem.value = undefined
      } catch (error) {
        if (age === this.#age) this.problem.value = toProblem(error)
      }
    } while (this.#wanted())
  }
}
