import { type Notice } from '@ringfence/sdk'

import { Latest } from './attempt.ts'
import { type Api } from './ports.ts'
import { toProblem } from './problem.ts'
import { type Toasts } from './toasts.ts'

/** Notices are what happened while nobody was there: gone for good once seen. */
export class Notices {
  readonly #api: Api
  readonly #toasts: Toasts
  readonly #latest: Latest<readonly Notice[]>

  constructor(api: Api, toasts: Toasts) {
    this.#api = api
    this.#toasts = toasts
    this.#latest = new Latest(() => api.notices())
  }

  get list() {
    return this.#latest.value
  }

  refresh(): Promise<void> {
    return this.#latest.refresh()
  }

  clear(): void {
    this.#latest.clear()
  }

  async see(notice: Notice): Promise<void> {
    await this.#drop((x) => x.id !== notice.id, () => this.#api.seeNotice(notice.id))
  }

  async seeAll(): Promise<void> {
    await this.#drop(() => false, () => this.#api.seeAllNotices())
  }

  /** Takes notices off the list at once, and back where the server could not be told. */
  async #drop(keep: (x: Notice) => boolean, tell: () => Promise<void>): Promise<void> {
    this.list.value = this.list.value?.filter(keep)
    try {
      await tell()
    } catch (error) {
      this.#toasts.problem(toProblem(error))
    }
    await this.refresh()
  }
}
