import { type Updates } from '../state/surroundings.ts'
import { type PageLock, type ToWorker } from '../sw/messages.ts'
import { trustedScript } from '../trusted-types.ts'

/** Tabs that talk hold this lock together; whoever wants to take a new version needs it alone. */
const talking = 'ringfence.call'

const every = 60 * 60_000
const pageLock: PageLock = 'ringfence.page:'

/** workerUpdates registers the service worker, and tells what becomes of it. */
export function workerUpdates(): Updates {
  const container = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker
  let ready = (): void => undefined
  let taken = (): void => undefined
  let known: ServiceWorkerRegistration | undefined

  const send = (to: ServiceWorker | null | undefined, message: ToWorker): void => to?.postMessage(message)
  const watch = (registration: ServiceWorkerRegistration): void => {
    known = registration
    send(registration.active, { kind: 'hello' })
    if (registration.waiting !== null && registration.active !== null) ready()
    registration.addEventListener('updatefound', () => {
      const next = registration.installing
      const first = registration.active === null
      next?.addEventListener('statechange', () => {
        if (next.state === 'installed' && !first) ready()
      })
    })
  }
  const take = (): void => {
    if (known?.waiting != null) send(known.waiting, { kind: 'take' })
    else taken() // it took over already: no page was under the old one
  }
  holdVersion()
  if (container !== undefined && import.meta.env.PROD) {
    const controlled = container.controller !== null
    container.addEventListener('controllerchange', () => {
      if (controlled) taken()
    })
    whenLoaded(() => void container.register(trustedScript('/sw.js')).then(watch, () => undefined))
  }
  return {
    onReady: (fn) => (ready = fn),
    onTaken: (fn) => (taken = fn),
    onBroken: (fn) => addEventListener('vite:preloadError', fn),
    onDue: (fn) => void setInterval(fn, every),
    check: () => {
      void known?.update().catch(() => send(known?.active, { kind: 'doubt' }))
    },
    take: async () => {
      const free = await navigator.locks.request(talking, { ifAvailable: true }, (lock) => {
        if (lock !== null) take()
        return lock !== null
      })
      if (!free) void navigator.locks.request(talking, take)
      return free
    },
    forget: async () => {
      const registration = await container?.getRegistration()
      await registration?.unregister()
    },
  }
}

/** A first visit comes before what later ones need. */
function whenLoaded(fn: () => void): void {
  if (document.readyState === 'complete') fn()
  else addEventListener('load', fn, { once: true })
}

const locks = (): LockManager | undefined => (navigator as { locks?: LockManager }).locks

/** Keeps the parts of this page's version until the page is gone. */
function holdVersion(): void {
  const entry = document.querySelector<HTMLScriptElement>('script[type=module]')?.src
  if (entry === undefined) return
  void locks()?.request(pageLock + new URL(entry).pathname, { mode: 'shared' }, () => new Promise(() => undefined))
}

/** talkLock tells the other tabs while a call runs here. */
export function talkLock(): (on: boolean) => void {
  let stop: AbortController | undefined
  return (on) => {
    if (on === (stop !== undefined)) return
    stop?.abort()
    stop = on ? new AbortController() : undefined
    const signal = stop?.signal
    if (signal === undefined) return
    void locks()
      ?.request(talking, { mode: 'shared', signal }, () => new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true })))
      .catch(() => undefined)
  }
}
