import { type Memory, type Page, type Place } from './state/ports.ts'

const place: Place = {
  path: () => location.pathname,
  hash: () => location.hash,
  go: (url, replace) => {
    if (replace) history.replaceState(null, '', url)
    else history.pushState(null, '', url)
    scrollTo(0, 0)
  },
  onMove: (fn) => {
    addEventListener('popstate', fn)
    addEventListener('hashchange', fn)
  },
}

/** quietly runs fn, which a browser may refuse where storage is switched off. */
function quietly<T>(fn: () => T): T | undefined {
  try {
    return fn()
  } catch {
    return undefined
  }
}

const memory: Memory = {
  get: (key) => quietly(() => localStorage.getItem(key)) ?? undefined,
  set: (key, value) => quietly(() => localStorage.setItem(key, value)),
  remove: (key) => quietly(() => localStorage.removeItem(key)),
}

const two = matchMedia('(width >= 43.75rem)')
const three = matchMedia('(width >= 68.75rem)')

/** browserPage is the page that view models ask. */
export const browserPage: Page = {
  origin: location.origin,
  place,
  memory,
  now: () => new Date(),
  copy: (text) => navigator.clipboard.writeText(text),
  share: 'share' in navigator ? (url) => navigator.share({ url }) : undefined,
  chime: async (speaker) => (await import('./sound/chime.ts')).chime(speaker),
  choosesSpeaker: 'setSinkId' in HTMLMediaElement.prototype,
  online: () => navigator.onLine,
  onOnline: (fn) => {
    addEventListener('online', fn)
    addEventListener('offline', fn)
  },
  reload: () => location.reload(),
  columns: () => (three.matches ? 3 : two.matches ? 2 : 1),
  onColumns: (fn) => {
    two.addEventListener('change', fn)
    three.addEventListener('change', fn)
  },
}
