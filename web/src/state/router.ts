import { computed, signal } from '@preact/signals'

import { type Place } from './ports.ts'

/** Route names a screen. */
export type Route = 'people' | 'friend' | 'calls' | 'add' | 'settings' | 'check' | 'invite' | 'login' | 'components' | 'missing'

/** Way is an address that leads somewhere. A part that begins with a colon stands for any one word, and names it. */
export interface Way {
  readonly pattern: string
  readonly route: Route
  /** An address of it, for whoever goes through all of them. */
  readonly example: string
  /** Shown to whoever is not signed in, too; elsewhere the sign-in form takes the screen's place. */
  readonly open?: true
}

/** routes are all the addresses that there are; any other is missing. */
export const routes: readonly Way[] = [
  { pattern: '/', route: 'people', example: '/' },
  { pattern: '/people/:account', route: 'friend', example: '/people/0123456789abcdef' },
  { pattern: '/calls', route: 'calls', example: '/calls' },
  { pattern: '/add', route: 'add', example: '/add' },
  { pattern: '/settings', route: 'settings', example: '/settings' },
  { pattern: '/settings/:section', route: 'settings', example: '/settings/you' },
  { pattern: '/check', route: 'check', example: '/check' },
  { pattern: '/invite', route: 'invite', example: '/invite', open: true },
  { pattern: '/login', route: 'login', example: '/login' },
  { pattern: '/components', route: 'components', example: '/components', open: true },
]

/** Params are the words of an address that its pattern names. */
export type Params = Readonly<Partial<Record<string, string>>>

/** Spot is where an address leads. */
interface Spot {
  readonly route: Route
  readonly params: Params
  readonly open: boolean
}

const missing: Spot = { route: 'missing', params: {}, open: true }

/** fit reads the words that a pattern names out of a path, or nothing where the path is not of that pattern. */
function fit(pattern: string, path: string): Params | undefined {
  const [want, have] = [pattern.split('/'), path.split('/')]
  if (want.length !== have.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, part] of want.entries()) {
    const word = have[i] ?? ''
    if (!part.startsWith(':')) {
      if (part !== word) return undefined
      continue
    }
    try {
      params[part.slice(1)] = decodeURIComponent(word)
    } catch {
      return undefined // not an address that anything here made
    }
    if (word === '') return undefined
  }
  return params
}

/** find says where a path leads. */
export function find(path: string): Spot {
  for (const { pattern, route, open } of routes) {
    const params = fit(pattern, path)
    if (params !== undefined) return { route, params, open: open === true }
  }
  return missing
}

/** friendAt is the address of a friend. */
export const friendAt = (account: string): string => `/people/${encodeURIComponent(account)}`

/** Router knows where one is. */
export class Router {
  readonly #place: Place
  readonly #at = signal({ path: '/', hash: '' })
  #begun = false
  readonly #spot = computed(() => find(this.#at.value.path))

  readonly route = computed<Route>(() => this.#spot.value.route)
  readonly params = computed<Params>(() => this.#spot.value.params)
  /** Whether the screen is for everybody. */
  readonly open = computed(() => this.#spot.value.open)
  readonly path = computed(() => this.#at.value.path)
  readonly hash = computed(() => this.#at.value.hash)
  /** Where one came from; home for whoever has just come. */
  readonly from = signal('/')

  constructor(place: Place) {
    this.#place = place
    this.#look()
    place.onMove(() => this.#look())
  }

  go(url: string): void {
    this.#place.go(url, false)
    this.#look()
  }

  replace(url: string): void {
    this.#place.go(url, true)
    this.#look()
  }

  #look(): void {
    const path = this.#place.path().replace(/(.)\/$/, '$1')
    const left = this.#at.peek().path
    if (this.#begun && left !== path) this.from.value = left
    this.#begun = true
    this.#at.value = { path, hash: this.#place.hash() }
  }
}
