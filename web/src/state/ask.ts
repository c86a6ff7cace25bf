import { signal } from '@preact/signals'

import { Attempt } from './attempt.ts'
import { checkHandle } from './names.ts'
import { type People } from './people.ts'
import { type Api } from './ports.ts'

/** Ask is the form that asks somebody by handle. */
export class Ask {
  readonly handle = signal('')
  /** Whom it went to last, to say so; whether they exist is not told. */
  readonly asked = signal<string | undefined>(undefined)
  readonly attempt = new Attempt()
  readonly #api: Api
  readonly #people: People

  constructor(api: Api, people: People) {
    this.#api = api
    this.#people = people
  }

  async submit(): Promise<void> {
    const wrong = checkHandle(this.handle.value)
    this.asked.value = undefined
    if (wrong !== undefined) {
      this.attempt.fail(wrong)
      return
    }
    await this.attempt.run(async () => {
      const handle = this.handle.value.trim().toLowerCase()
      await this.#api.ask(handle)
      this.asked.value = handle
      this.handle.value = ''
    })
    void this.#people.refresh()
  }

  clear(): void {
    this.asked.value = undefined
    this.attempt.fail(undefined)
  }
}
