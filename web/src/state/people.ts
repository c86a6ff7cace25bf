import { computed, signal } from '@preact/signals'
import { type AccountId, type Friend, type FriendList, type IncomingAsk, type OutgoingAsk, type Person } from '@ringfence/sdk'

import { Latest } from './attempt.ts'
import { type Api } from './ports.ts'
import { type Action, toProblem } from './problem.ts'
import { type Toasts } from './toasts.ts'

const byName = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true })

/** People is everything between this account and others. */
export class People {
  readonly #api: Api
  readonly #toasts: Toasts
  readonly #lists: Latest<FriendList>
  /** Whom the hub said to be here or gone since the list was fetched. */
  readonly #presence = signal<ReadonlyMap<AccountId, boolean>>(new Map())
  /** Accounts for which something is under way. */
  readonly busy = signal<ReadonlySet<string>>(new Set())

  constructor(api: Api, toasts: Toasts) {
    this.#api = api
    this.#toasts = toasts
    this.#lists = new Latest(() => api.friends())
  }

  get lists() {
    return this.#lists.value
  }

  get problem() {
    return this.#lists.problem
  }

  /** Friends by name, and what each is found by: worked out once for a list, not for each change of who is here. */
  readonly #byName = computed(() => {
    const all = [...(this.lists.value?.friends ?? [])].sort((a, b) => byName.compare(a.displayName, b.displayName))
    return all.map((friend) => ({ friend, other: { ...friend, online: !friend.online }, where: `${fold(friend.displayName)} ${friend.handle}` }))
  })

  readonly #where = computed(() => new Map(this.#byName.value.map((x) => [x.friend.account, x.where])))

  /** Friends, those who are here first, each group by name. Who did not change stays the same object. */
  readonly friends = computed<readonly Friend[]>(() => {
    const seen = this.#presence.value
    const all = this.#byName.value.map(({ friend, other }) => ((seen.get(friend.account) ?? friend.online) === friend.online ? friend : other))
    return [...all.filter((x) => x.online), ...all.filter((x) => !x.online)]
  })

  /** What is looked for in the list. */
  readonly search = signal('')

  /** The friends that are looked for; all of them, where nobody is. */
  readonly found = computed<readonly Friend[]>(() => {
    const words = fold(this.search.value).split(/\s+/).filter((x) => x !== '')
    if (words.length === 0) return this.friends.value
    const where = this.#where.value
    return this.friends.value.filter((x) => words.every((w) => where.get(x.account)?.includes(w)))
  })

  /** How far the list was scrolled when one left it. */
  scrolled = 0

  readonly empty = computed(() => {
    const all = this.lists.value
    return all !== undefined && all.friends.length + all.incoming.length + all.outgoing.length === 0
  })

  refresh(): Promise<void> {
    return this.#lists.refresh()
  }

  clear(): void {
    this.#lists.clear()
    this.search.value = ''
    this.scrolled = 0
    this.#presence.value = new Map()
  }

  /** A new session of the link: who is here is told anew. */
  forgetPresence(): void {
    this.#presence.value = new Map()
  }

  presence(account: AccountId, online: boolean): void {
    this.#presence.value = new Map(this.#presence.value).set(account, online)
  }

  friend(account: AccountId): Friend | undefined {
    return this.friends.value.find((x) => x.account === account)
  }

  accept(who: IncomingAsk): Promise<boolean> {
    return this.#change(who.account, () => this.#api.acceptAsk(who.account), () => this.#toasts.done('accepted', who.displayName), 'request')
  }

  decline(who: IncomingAsk): Promise<boolean> {
    return this.#change(who.account, () => this.#api.declineAsk(who.account), () => this.#toasts.done('declined', who.displayName), 'request')
  }

  withdraw(ask: OutgoingAsk): Promise<boolean> {
    const askAgain = async (): Promise<void> => {
      await this.#api.ask(ask.handle)
    }
    const again = (): void => void this.#change(ask.account, askAgain, () => this.#toasts.done('asked', ask.handle))
    return this.#change(ask.account, () => this.#api.withdrawAsk(ask.account), () => this.#toasts.done('withdrawn', ask.handle, again), 'request')
  }

  remove(who: Person): Promise<boolean> {
    return this.#change(who.account, () => this.#api.removeFriend(who.account), () => this.#toasts.done('removed', who.displayName))
  }

  block(who: Person): Promise<boolean> {
    return this.#change(who.account, () => this.#api.block(who.account), () => this.#toasts.done('blocked', who.displayName))
  }

  unblock(who: Person): Promise<boolean> {
    const again = (): void => void this.block(who)
    return this.#change(who.account, () => this.#api.unblock(who.account), () => this.#toasts.done('unblocked', nameOf(who), again))
  }

  async #change(account: string, act: () => Promise<void>, said: () => void, during?: Action): Promise<boolean> {
    if (this.busy.value.has(account)) return false
    this.busy.value = new Set(this.busy.value).add(account)
    try {
      await act()
      said()
      return true
    } catch (error) {
      this.#toasts.problem(toProblem(error, during))
      return false
    } finally {
      await this.refresh()
      const rest = new Set(this.busy.value)
      rest.delete(account)
      this.busy.value = rest
    }
  }
}

/** fold makes a name comparable: without accents, case and the forms that letters have beside each other. */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLocaleLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/ø/g, 'o')
    .replace(/ł/g, 'l')
    .replace(/æ/g, 'ae')
    .trim()
}

/** nameOf is what to call a person, who may be blocked and have no name any more. */
export function nameOf(who: Person): string {
  return who.displayName !== '' ? who.displayName : who.handle
}
