import { computed, signal } from '@preact/signals'
import { ApiError, type InviteInfo, type InviteLink, type Inviter, parseInvite } from '@ringfence/sdk'

import { Attempt } from './attempt.ts'
import { checkDisplayName, checkName, handleFrom } from './names.ts'
import { NewPassword, type Scorer } from './password.ts'
import { type Api } from './ports.ts'
import { type FieldProblem, type Problem, toProblem } from './problem.ts'
import { type Session } from './session.ts'

/** What the link turned out to be. */
export type Found = 'checking' | 'good' | 'bad' | 'none' | 'unknown'

/** Where one is on the way in. */
export type Step = 'hello' | 'login' | 'name' | 'password' | 'done'

/** Welcome takes somebody from an invitation to the first call. */
export class Welcome {
  readonly found = signal<Found>('checking')
  readonly info = signal<InviteInfo | undefined>(undefined)
  readonly problem = signal<Problem | undefined>(undefined)
  readonly step = signal<Step>('hello')
  readonly displayName = signal('')
  /** What was typed as a handle; until then it follows the name. */
  readonly typedName = signal<string | undefined>(undefined)
  readonly name = computed(() => this.typedName.value ?? handleFrom(this.displayName.value))
  readonly password: NewPassword
  readonly attempt = new Attempt()
  /** The friend that redeeming brought. */
  readonly friend = signal<Inviter | undefined>(undefined)
  readonly #api: Api
  readonly #session: Session
  #link: InviteLink | undefined

  constructor(api: Api, session: Session, load?: () => Promise<Scorer>) {
    this.#api = api
    this.#session = session
    this.password = new NewPassword(() => [this.displayName.value, this.name.value], load)
  }

  /** Reads the link's fragment and asks what it is worth. */
  async open(hash: string): Promise<void> {
    const link = parseInvite(hash)
    if (link !== undefined && link.token === this.#link?.token && this.found.value === 'good') return
    this.#link = link
    this.problem.value = undefined
    this.info.value = undefined
    this.friend.value = undefined
    this.step.value = 'hello'
    if (link === undefined) {
      this.found.value = hash.length > 1 ? 'bad' : 'none'
      return
    }
    this.found.value = 'checking'
    try {
      const info = await this.#api.inspectInvite(link.token)
      if (this.#link !== link) return
      this.info.value = info
      this.found.value = 'good'
    } catch (error) {
      if (this.#link !== link) return
      this.problem.value = toProblem(error)
      this.found.value = error instanceof ApiError && (error.code === 'invite_invalid' || error.code === 'invalid') ? 'bad' : 'unknown'
    }
  }

  begin(): void {
    void this.#learn()
    this.step.value = 'name'
  }

  back(): void {
    this.attempt.fail(undefined)
    this.step.value = this.step.value === 'password' ? 'name' : 'hello'
  }

  /** From the name to the password, where the name will do. */
  toPassword(): void {
    const wrong = [checkDisplayName(this.displayName.value), checkName(this.name.value)].filter((x): x is FieldProblem => x !== undefined)
    if (wrong.length > 0) {
      this.attempt.fail({ code: 'invalid', fields: wrong })
      return
    }
    this.attempt.fail(undefined)
    this.typedName.value = this.name.value.trim().toLowerCase()
    this.step.value = 'password'
    void this.password.prepare()
  }

  async create(): Promise<void> {
    const link = this.#link
    const wrong = this.password.check()
    if (wrong !== undefined || link === undefined) {
      this.attempt.fail(wrong)
      return
    }
    const done = await this.attempt.run(async () => {
      const me = await this.#api.signUp({
        invite: link.token,
        name: this.name.value,
        displayName: this.displayName.value.trim(),
        password: this.password.value.value,
      })
      this.friend.value = this.info.value?.inviter
      this.password.value.value = ''
      this.step.value = 'done'
      this.#session.enter(me)
    })
    if (!done) this.#afterRefusal()
  }

  /** Somebody who has an account already takes the invitation. */
  async redeem(): Promise<boolean> {
    const link = this.#link
    if (link === undefined) return false
    return this.attempt.run(async () => {
      this.friend.value = await this.#api.redeemInvite(link.token)
    })
  }

  /** The way is over: the next visit begins anew. */
  leave(): void {
    this.#link = undefined
    this.step.value = 'hello'
    this.found.value = 'checking'
    this.friend.value = undefined
    this.attempt.fail(undefined)
  }

  /** Goes to where the fault is; a link that died meanwhile says so. */
  #afterRefusal(): void {
    const problem = this.attempt.problem.value
    if (problem?.code === 'invite_invalid') this.found.value = 'bad'
    if (problem?.fields.some((x) => x.field === 'name' || x.field === 'display_name')) this.step.value = 'name'
  }

  async #learn(): Promise<void> {
    await this.#session.learn()
    const rules = this.#session.server.value?.password
    if (rules === undefined) return
    this.password.minLength.value = rules.minLength
    this.password.minScore.value = rules.minScore
  }
}
