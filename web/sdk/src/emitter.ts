/** Events maps each event's name to the arguments of its listeners. */
export type Events = Record<string, readonly unknown[]>

type Listener = (...args: readonly unknown[]) => void

/**
 * Emitter tells listeners what happened, in the order they came. A listener
 * that throws does not keep the others from hearing: the error is reported to
 * the page as uncaught.
 */
export class Emitter<E extends Events> {
  readonly #listeners = new Map<keyof E, Set<Listener>>()

  /** on calls fn at each event until the function that it returns is called. */
  on<K extends keyof E>(event: K, fn: (...args: E[K]) => void): () => void {
    const set = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, set)
    const own: Listener = (...args) => fn(...(args as E[K])) // of its own, so that one function may listen twice
    set.add(own)
    return () => void set.delete(own)
  }

  protected emit<K extends keyof E>(event: K, ...args: E[K]): void {
    for (const fn of [...(this.#listeners.get(event) ?? [])]) {
      try {
        fn(...args)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
