import { signal } from '@preact/signals'
import { inviteAt, type Invite, inviteLink, type NewInvite } from '@ringfence/sdk'

import { Attempt, Latest } from './attempt.ts'
import { type Api, type Page } from './ports.ts'
import { toProblem } from './problem.ts'
import { type Toasts } from './toasts.ts'

/** MadeLink is a link of this visit; its token is nowhere else. */
export interface MadeLink {
  readonly url: string
  /** The same for this computer alone, where `url` leads others another way. */
  readonly here?: string
  readonly expiresAt: Date
}

/** Invites makes links for friends, and takes them back. */
export class Invites {
  readonly #api: Api
  readonly #toasts: Toasts
  readonly #page: Page
  readonly #latest: Latest<readonly Invite[]>
  readonly link = signal<MadeLink | undefined>(undefined)
  readonly making = new Attempt()
  #made: Invite['id'] | undefined

  constructor(api: Api, toasts: Toasts, page: Page) {
    this.#api = api
    this.#toasts = toasts
    this.#page = page
    this.#latest = new Latest(() => api.invites())
  }

  get list() {
    return this.#latest.value
  }

  get problem() {
    return this.#latest.problem
  }

  async refresh(): Promise<void> {
    await this.#latest.refresh()
    this.#forgetUsed()
  }

  clear(): void {
    this.#latest.clear()
    this.link.value = undefined
    this.#made = undefined
  }

  make(): Promise<boolean> {
    return this.making.run(async () => {
      const made = await this.#api.createInvite()
      this.#made = made.id
      this.link.value = { ...linksFor(this.#page.origin, made), expiresAt: made.expiresAt }
      void this.refresh()
    })
  }

  async copy(): Promise<boolean> {
    const link = this.link.value
    if (link === undefined) return false
    return copied(this.#page, this.#toasts, link.url, 'linkCopied')
  }

  async share(): Promise<void> {
    const link = this.link.value
    if (link === undefined || this.#page.share === undefined) return
    await this.#page.share(link.url).catch(() => undefined) // the person thought better of it
  }

  async revoke(invite: Invite): Promise<void> {
    try {
      await this.#api.revokeInvite(invite.id)
      this.#toasts.done('revoked')
    } catch (error) {
      this.#toasts.problem(toProblem(error))
    }
    await this.refresh()
  }

  /** A link that was used or taken back is not offered any longer. */
  #forgetUsed(): void {
    const open = this.list.value
    if (this.#made === undefined || open === undefined || this.problem.value !== undefined) return
    if (open.some((x) => x.id === this.#made)) return
    this.#made = undefined
    this.link.value = undefined
  }
}

const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/

/** linksFor says where friends open an invite: `localhost` would be their own device. */
function linksFor(origin: string, made: NewInvite): Pick<MadeLink, 'url' | 'here'> {
  const own = inviteLink(origin, made.token)
  if (made.page === undefined || !URL.canParse(made.page)) return { url: own }
  const page = new URL(made.page)
  const { hostname } = new URL(origin)
  if (loopback.test(hostname)) return { url: inviteAt(page.href, made.token), here: own }
  page.hostname = hostname // it evidently works in this network
  return { url: inviteAt(page.href, made.token) }
}

/** copied puts text on the clipboard, and says whether that worked. */
export async function copied(page: Page, toasts: Toasts, text: string, done: 'linkCopied' | 'handleCopied'): Promise<boolean> {
  try {
    await page.copy(text)
    toasts.done(done)
    return true
  } catch {
    toasts.problem({ code: 'clipboard', fields: [] })
    return false
  }
}
