import { signal } from '@preact/signals'

import { type Link, type Page } from './ports.ts'

/** LinkTrouble is what keeps the page from hearing from the server. */
export type LinkTrouble = 'offline' | 'reconnecting' | 'replaced' | 'crowded' | 'outdated'

/** A connection that is back this soon was never worth a word. */
const patience = 2_000

/** LinkWatch tells whether the page hears from the server. */
export class LinkWatch {
  readonly trouble = signal<LinkTrouble | undefined>(undefined)
  readonly #link: Link
  readonly #page: Page
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(link: Link, page: Page, signedOut: () => void) {
    this.#link = link
    this.#page = page
    link.on('state', () => {
      if (link.state === 'closed' && link.stopReason === 'signed_out') signedOut()
      this.#look()
    })
    page.onOnline(() => this.#look())
    this.#look()
  }

  tryNow(): void {
    this.#link.reconnect()
  }

  #look(): void {
    const trouble = this.#page.online() ? this.#troubleOfLink() : 'offline'
    if (trouble === 'reconnecting' && this.trouble.value !== 'reconnecting') {
      this.trouble.value = undefined
      this.#timer ??= setTimeout(() => (this.trouble.value = 'reconnecting'), patience)
      return
    }
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.trouble.value = trouble
  }

  #troubleOfLink(): LinkTrouble | undefined {
    switch (this.#link.state) {
      case 'idle':
      case 'open':
        return undefined
      case 'connecting':
      case 'waiting':
        return 'reconnecting'
      case 'closed':
        return closed[this.#link.stopReason ?? 'left']
    }
  }
}

const closed: Readonly<Record<NonNullable<Link['stopReason']>, LinkTrouble | undefined>> = {
  signed_out: undefined,
  left: undefined,
  replaced: 'replaced',
  too_many: 'crowded',
  flood: 'outdated',
  protocol: 'outdated',
}
