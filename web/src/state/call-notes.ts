import { signal } from '@preact/signals'
import { type DeviceEvent } from '@ringfence/sdk'

/** Note is a short remark about what has just happened. */
export type Note = ({ readonly kind: 'device' } & DeviceEvent) | { readonly kind: 'share_failed' } | { readonly kind: 'swap_failed' }

/** How long a remark stays. */
const noteStays = 6_000

/** Notes holds the latest remark of a call for as long as it takes to read it. */
export class Notes {
  readonly note = signal<Note | undefined>(undefined)
  #timer: ReturnType<typeof setTimeout> | undefined

  say(note: Note): void {
    this.note.value = note
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.clear(), noteStays)
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.note.value = undefined
  }
}
