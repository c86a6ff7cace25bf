import { computed, effect, signal } from '@preact/signals'

import { type CallRoom } from './call.ts'
import { type Link, type Page } from './ports.ts'
import { type Surroundings } from './surroundings.ts'

/** How long the server is left alone at least when the page is looked at again and again. */
const atMost = 5 * 60_000

/** UpdateOffer is what the page says about a new version: it is there, or it waits for a call in another tab. */
export type UpdateOffer = 'ready' | 'waits'

/** Update offers a new version of the page, and never takes one while somebody talks. */
export class Update {
  readonly #found = signal<'none' | 'worker' | 'broken'>('none')
  readonly #later = signal(false)
  readonly #waits = signal(false)
  readonly #taken = signal(false)
  readonly #call: CallRoom
  readonly #page: Page
  readonly #link: Link
  readonly #around: Surroundings
  #checked = 0
  #missing = false

  constructor(call: CallRoom, page: Page, link: Link, around: Surroundings) {
    this.#call = call
    this.#page = page
    this.#link = link
    this.#around = around
    const { updates } = around
    updates.onReady(() => {
      this.#found.value = 'worker'
      this.#later.value = false
    })
    updates.onTaken(() => (this.#taken.value = true))
    updates.onBroken(() => this.#broken())
    // Whoever opens the page asks the browser for a newer worker anyway.
    this.#checked = page.now().getTime()
    // A server that was away may be another one.
    link.on('state', () => {
      if (link.state !== 'open') return
      if (this.#missing) this.#broken()
      else this.#check(0)
    })
    around.onVisible(() => {
      if (around.visible()) this.#check(atMost)
    })
    updates.onDue(() => this.#check(0))
    let reloaded = false
    effect(() => {
      if (!this.#taken.value || call.running.value || reloaded) return
      reloaded = true
      page.reload()
    })
  }

  /** What to offer now; nothing while a call runs here. */
  readonly offer = computed<UpdateOffer | undefined>(() => {
    if (this.#call.running.value || this.#taken.value) return undefined
    if (this.#waits.value) return 'waits'
    return this.#found.value !== 'none' && !this.#later.value ? 'ready' : undefined
  })

  later(): void {
    this.#later.value = true
  }

  async now(): Promise<void> {
    if (this.#found.value === 'broken') {
      // No newer worker came, so the one that is here would serve the same page again.
      await this.#around.updates.forget().catch(() => undefined)
      this.#page.reload()
      return
    }
    this.#waits.value = !(await this.#around.updates.take())
  }

  #check(pause: number): void {
    const now = this.#page.now().getTime()
    if (pause > 0 && now - this.#checked < pause) return
    this.#checked = now
    this.#around.updates.check()
  }

  /** A part that could not be had: without a server nothing can; when it is there, loading the page anew helps. */
  #broken(): void {
    this.#missing = this.#link.state !== 'open'
    if (this.#missing) return
    if (this.#found.value === 'none') this.#found.value = 'broken'
    this.#later.value = false
    this.#check(0)
  }
}
