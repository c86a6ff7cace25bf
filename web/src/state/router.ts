import { computed, signal } from '@preact/signals'

import { type Place } from './ports.ts'

/** Route names a screen. */
export type Route = 'people' | 'invite' | 'login' | 'settings' | 'missing'

/** routes are the addresses that lead somewhere. */
export const routes: Readonly<Record<string, Route>> = {
  '/': 'people',
  '/invite': 'invite',
  '/login': 'login',
  '/settings': 'settings',
}

/** Router knows where one is. */
export class Router {
  readonly #place: Place
  readonly #at = signal({ path: '/', hash: '' })

  readonly route = computed<Route>(() => routes[this.#at.value.path] ?? (this.#at.value.path.startsWith('/settings/') ? 'settings' : 'missing'))
  readonly path = computed(() => this.#at.value.path)
  readonly hash = computed(() => this.#at.value.hash)

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
    this.#at.value = { path, hash: this.#place.hash() }
  }
}
