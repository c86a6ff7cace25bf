/** Timers are named; setting one again puts it off. */
export class Timers {
  readonly #running = new Map<string, ReturnType<typeof setTimeout>>()

  set(name: string, ms: number, fn: () => void): void {
    this.clear(name)
    const timer = setTimeout(() => {
      this.#running.delete(name)
      fn()
    }, ms)
    this.#running.set(name, timer)
  }

  has(name: string): boolean {
    return this.#running.has(name)
  }

  clear(name: string): void {
    clearTimeout(this.#running.get(name))
    this.#running.delete(name)
  }

  clearAll(): void {
    for (const name of [...this.#running.keys()]) this.clear(name)
  }
}
