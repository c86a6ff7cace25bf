import { signal } from '@preact/signals'

import { Attempt } from './attempt.ts'
import { checkHandle } from './names.ts'
import { type Api } from './ports.ts'
import { broken } from './problem.ts'
import { type Session } from './session.ts'

/** Login is the sign-in form. What was typed stays until it went through. */
export class Login {
  readonly handle = signal('')
  readonly password = signal('')
  readonly attempt = new Attempt()
  readonly #api: Api
  readonly #session: Session

  constructor(api: Api, session: Session) {
    this.#api = api
    this.#session = session
  }

  async submit(): Promise<boolean> {
    const wrong = checkHandle(this.handle.value) ?? (this.password.value === '' ? broken('password', 'required') : undefined)
    if (wrong !== undefined) {
      this.attempt.fail(wrong)
      return false
    }
    return this.attempt.run(async () => {
      const me = await this.#api.signIn({ handle: this.handle.value.trim().toLowerCase(), password: this.password.value })
      this.password.value = ''
      this.#session.enter(me)
    })
  }
}
