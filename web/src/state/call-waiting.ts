import { computed, signal } from '@preact/signals'

import { type CallShown, snapshot } from './call.ts'
import { type People } from './people.ts'
import { type Call, type Calls } from './ports.ts'

/** CallWaiting is the call of somebody who calls while there is another. */
export class CallWaiting {
  readonly shown = signal<CallShown | undefined>(undefined)
  /** How the last one ended that nobody took, or that was declined. */
  readonly over = signal<CallShown | undefined>(undefined)
  readonly #calls: Calls
  readonly #people: People
  #call: Call | undefined

  constructor(calls: Calls, people: People) {
    this.#calls = calls
    this.#people = people
    calls.on('waiting', (call) => this.#take(call))
  }

  readonly name = computed(() => this.#nameOf(this.shown.value))

  nameOfOver(): string {
    return this.#nameOf(this.over.peek())
  }

  decline(): void {
    this.#call?.decline()
  }

  /** Ends the other call, and answers this one. Without a picture, where none is sent now. */
  switchTo(video: boolean): void {
    void this.#calls.switchTo({ video: video && this.shown.peek()?.video === true })
  }

  #nameOf(shown: CallShown | undefined): string {
    return shown === undefined ? '' : (this.#people.friend(shown.peer)?.displayName ?? '')
  }

  #take(call: Call | undefined): void {
    const before = this.#call
    this.#call = call
    this.shown.value = call && snapshot(call)
    if (before?.state === 'ended') this.over.value = snapshot(before)
  }
}
