import { computed, effect, signal } from '@preact/signals'

import { type Attention } from './attention.ts'
import { type CallRoom } from './call.ts'
import { type Page } from './ports.ts'
import { type Preferences } from './preferences.ts'
import { type Installs } from './surroundings.ts'

const askedKey = 'ringfence.suggested'

/** Suggestion is something worth having, named once after a call and never again. */
export type Suggestion = 'notifications' | 'install'

/** Install puts the app among the others of the device, and suggests at a good moment what makes calls better. */
export class Install {
  readonly #offer = signal<(() => Promise<boolean>) | undefined>(undefined)
  readonly #installed = signal(false)
  readonly #installs: Installs
  readonly #page: Page
  readonly suggestion = signal<Suggestion | undefined>(undefined)

  constructor(installs: Installs, page: Page, call: CallRoom, attention: Attention, preferences: Preferences) {
    this.#installs = installs
    this.#page = page
    this.#installed.value = installs.installed
    installs.onOffer((install) => (this.#offer.value = install))
    let talked = false
    effect(() => {
      const shown = call.shown.value
      if (shown !== undefined) {
        talked ||= shown.talked
        this.suggestion.value = undefined
      } else if (talked) {
        talked = false
        this.#suggest(attention.permission.peek() === 'default' && !preferences.notifications.peek())
      }
    })
  }

  /** How it can be installed here, if at all. */
  readonly way = computed<'press' | 'hand' | 'done' | undefined>(() => {
    if (this.#installed.value) return 'done'
    if (this.#offer.value !== undefined) return 'press'
    return this.#installs.byHand ? 'hand' : undefined
  })

  async install(): Promise<void> {
    this.suggestion.value = undefined
    const ask = this.#offer.value
    if (ask === undefined) return
    this.#offer.value = undefined // a browser lets it be asked once
    if (await ask()) this.#installed.value = true
  }

  dismiss(): void {
    this.suggestion.value = undefined
  }

  #suggest(notifications: boolean): void {
    const asked = new Set((this.#page.memory.get(askedKey) ?? '').split(' '))
    const way = this.way.peek()
    const next: Suggestion | undefined =
      notifications && !asked.has('notifications') ? 'notifications' : (way === 'press' || way === 'hand') && !asked.has('install') ? 'install' : undefined
    if (next === undefined) return
    asked.add(next)
    this.#page.memory.set(askedKey, [...asked].filter(Boolean).join(' '))
    this.suggestion.value = next
  }
}
