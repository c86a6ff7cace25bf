// One ringing tab of several, by the locks that the tabs of a browser share.
// Whoever holds the ring rings. Hidden tabs come to it one at a time, through a
// lock of their own, so that a visible tab can tell that it waits for a hidden
// one, and takes the ring from it.

const ring = 'ringfence.ring'
const hidden = 'ringfence.ring.hidden'

/** How often a visible tab looks whether it waits for a hidden one. */
const lookEvery = 150

interface Seen {
  readonly visible: () => boolean
  /** Calls fn when that changed, until the function that it returns is called. */
  readonly watch: (fn: () => void) => () => void
}

/** contender makes tabs contend for the ring; where there are no locks every tab rings. */
export function contender(locks: LockManager | undefined, seen: Seen): (fn: (mine: boolean) => void) => () => void {
  return (fn) => {
    if (locks === undefined) {
      fn(true)
      return () => undefined
    }
    let stop = new AbortController()
    const begin = (): void => {
      stop.abort()
      fn(false)
      stop = new AbortController()
      void new Contest(locks, fn, stop.signal).enter(seen.visible())
    }
    const unwatch = seen.watch(begin)
    begin()
    return () => {
      unwatch()
      stop.abort()
    }
  }
}

/** Contest is one tab's way to the ring, until its signal says that it is over. */
class Contest {
  readonly #locks: LockManager
  readonly #tell: (mine: boolean) => void
  readonly #signal: AbortSignal

  constructor(locks: LockManager, tell: (mine: boolean) => void, signal: AbortSignal) {
    this.#locks = locks
    this.#tell = tell
    this.#signal = signal
  }

  async enter(visible: boolean): Promise<void> {
    try {
      if (visible) await this.#visible()
      else await this.#locks.request(hidden, { signal: this.#signal }, () => this.#hidden())
    } catch {
      // Given up, or the ring was taken from us while we were hidden.
    }
  }

  async #visible(): Promise<void> {
    const waiting = new AbortController()
    this.#signal.addEventListener('abort', () => waiting.abort(), { once: true })
    const queued = this.#request({ signal: waiting.signal })
    queued.over.catch(() => undefined) // looked at below
    const got = (async (): Promise<boolean> => {
      while (!this.#signal.aborted) {
        if (await Promise.race([queued.granted, pause(lookEvery)])) return true
        if (await this.#hiddenRings()) return false
      }
      return true
    })()
    if (await got) {
      await queued.over
      return
    }
    waiting.abort()
    await queued.over.catch(() => undefined)
    if (!this.#signal.aborted) await this.#request({ steal: true }).over
  }

  async #hidden(): Promise<void> {
    while (!this.#signal.aborted) {
      const { granted, over, release } = this.#request({ signal: this.#signal })
      over.catch(() => undefined)
      if (await Promise.race([granted, over.then(() => false)])) {
        const { pending = [] } = await this.#locks.query()
        if (pending.some((x) => x.name === ring)) release() // a visible tab waits: it goes first
      }
      await over.catch((error: unknown) => {
        if (this.#signal.aborted) throw error
      })
    }
  }

  async #hiddenRings(): Promise<boolean> {
    const { held = [] } = await this.#locks.query()
    const holder = held.find((x) => x.name === ring)?.clientId
    return holder !== undefined && held.some((x) => x.name === hidden && x.clientId === holder)
  }

  /** Asks for the ring, and holds it until the contest is over or it is released. */
  #request(options: LockOptions): { granted: Promise<boolean>; over: Promise<void>; release: () => void } {
    const held = later()
    const granted = later()
    const over = (async (): Promise<void> => {
      try {
        await this.#locks.request(ring, options, async () => {
          if (this.#signal.aborted) return
          this.#signal.addEventListener('abort', () => held.done(), { once: true })
          this.#tell(true)
          granted.done()
          await held.promise
        })
      } finally {
        if (!this.#signal.aborted) this.#tell(false)
      }
    })()
    return { granted: granted.promise, over, release: () => held.done() }
  }
}

function later(): { promise: Promise<true>; done: () => void } {
  let done = (): void => undefined
  const promise = new Promise<true>((resolve) => (done = () => resolve(true)))
  return { promise, done }
}

const pause = (ms: number): Promise<false> => new Promise((done) => setTimeout(() => done(false), ms))
