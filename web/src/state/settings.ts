import { computed, signal } from '@preact/signals'

import { Attempt } from './attempt.ts'
import { copied } from './invites.ts'
import { checkDisplayName } from './names.ts'
import { type Api, type Calls, type Page } from './ports.ts'
import { type Session } from './session.ts'
import { type Toasts } from './toasts.ts'

const relayKey = 'ringfence.relay'
const earlyKey = 'ringfence.early'
const measureKey = 'ringfence.measure'
const turnKey = 'ringfence.turn'

/** Settings are the person's own: a name on the server, the rest in this browser. */
export class Settings {
  readonly #api: Api
  readonly #session: Session
  readonly #toasts: Toasts
  readonly #page: Page
  readonly #calls: Calls
  readonly #typed = signal<string | undefined>(undefined)
  readonly alwaysRelay = signal(false)
  readonly early = signal(false)
  /** Whether the server may count how calls of this device go. */
  readonly measure = signal(false)
  readonly saving = new Attempt()
  readonly leaving = new Attempt()

  constructor(api: Api, session: Session, toasts: Toasts, page: Page, calls: Calls) {
    this.#api = api
    this.#session = session
    this.#toasts = toasts
    this.#page = page
    this.#calls = calls
    this.alwaysRelay.value = page.memory.get(relayKey) === 'always'
    this.early.value = page.memory.get(earlyKey) === 'on'
    this.measure.value = page.memory.get(measureKey) === 'on'
    this.#apply()
  }

  /** The name as it stands in the field. */
  readonly displayName = computed(() => this.#typed.value ?? this.#session.me.value?.displayName ?? '')
  readonly changed = computed(() => this.displayName.value.trim() !== this.#session.me.value?.displayName)

  typeName(value: string): void {
    this.#typed.value = value
    this.saving.fail(undefined)
  }

  async saveName(): Promise<void> {
    const wrong = checkDisplayName(this.displayName.value)
    if (wrong !== undefined) {
      this.saving.fail({ code: 'invalid', fields: [wrong] })
      return
    }
    const saved = await this.saving.run(async () => {
      this.#session.me.value = await this.#api.setDisplayName(this.displayName.value.trim())
      this.#typed.value = undefined
    })
    if (saved) this.#toasts.done('nameSaved')
  }

  async copyHandle(): Promise<void> {
    await copied(this.#page, this.#toasts, this.#session.me.value?.handle ?? '', 'handleCopied')
  }

  setAlwaysRelay(on: boolean): void {
    this.alwaysRelay.value = on
    if (on) this.#page.memory.set(relayKey, 'always')
    else this.#page.memory.remove(relayKey)
    this.#apply()
  }

  setEarly(on: boolean): void {
    this.early.value = on
    if (on) this.#page.memory.set(earlyKey, 'on')
    else this.#page.memory.remove(earlyKey)
    this.#apply()
  }

  setMeasure(on: boolean): void {
    this.measure.value = on
    if (on) this.#page.memory.set(measureKey, 'on')
    else this.#page.memory.remove(measureKey)
    this.#apply()
  }

  signOut(): Promise<boolean> {
    return this.leaving.run(() => this.#session.signOut())
  }

  clear(): void {
    this.#typed.value = undefined
    this.saving.fail(undefined)
  }

  #apply(): void {
    const turn = this.#page.memory.get(turnKey)
    this.#calls.settings = {
      ...this.#calls.settings,
      relay: this.alwaysRelay.value ? 'always' : 'auto',
      early: this.early.value,
      measure: this.measure.value,
      turn: turn === 'udp' || turn === 'tcp' ? turn : undefined,
    }
  }
}
