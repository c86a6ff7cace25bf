import { computed, signal } from '@preact/signals'

import { Attempt } from './attempt.ts'
import { NewPassword, type Scorer } from './password.ts'
import { type Api } from './ports.ts'
import { broken, type Problem } from './problem.ts'
import { type Session } from './session.ts'
import { type Toasts } from './toasts.ts'

/** PasswordChange is the form for another password. What was typed stays until it went through. */
export class PasswordChange {
  readonly current = signal('')
  readonly next: NewPassword
  readonly attempt = new Attempt()
  readonly #api: Api
  readonly #session: Session
  readonly #toasts: Toasts

  constructor(api: Api, session: Session, toasts: Toasts, load?: () => Promise<Scorer>) {
    this.#api = api
    this.#session = session
    this.#toasts = toasts
    this.next = new NewPassword(() => {
      const me = session.me.value
      return me === undefined ? [] : [me.displayName, me.handle.replace(/\..*/, '')]
    }, load)
  }

  readonly begun = computed(() => this.current.value !== '' || this.next.value.value !== '')

  typeCurrent(value: string): void {
    this.current.value = value
    this.#typed()
  }

  typeNext(value: string): void {
    this.next.value.value = value
    this.#typed()
  }

  async save(): Promise<void> {
    this.#rules()
    const wrong = this.#check()
    if (wrong !== undefined) {
      this.attempt.fail(wrong)
      return
    }
    const saved = await this.attempt.run(() => this.#api.changePassword(this.current.value, this.next.value.value))
    if (!saved) return
    this.clear()
    this.#toasts.done('passwordChanged')
  }

  clear(): void {
    this.current.value = ''
    this.next.value.value = ''
    this.attempt.fail(undefined)
  }

  #typed(): void {
    this.attempt.fail(undefined)
    this.#rules()
    void this.next.prepare()
  }

  #rules(): void {
    const rules = this.#session.server.value?.password
    if (rules === undefined) return
    this.next.minLength.value = rules.minLength
    this.next.minScore.value = rules.minScore
  }

  #check(): Problem | undefined {
    const missing = this.current.value === '' ? broken('current', 'required') : undefined
    const wrong = this.next.check() ?? (this.next.value.value === this.current.value ? broken('password', 'differs') : undefined)
    if (missing === undefined || wrong === undefined) return missing ?? wrong
    return { code: 'invalid', fields: [...missing.fields, ...wrong.fields] }
  }
}
