import { signal } from '@preact/signals'

import { type Problem } from './problem.ts'

/** Done names something that went through; its words are in the catalogue. */
export type Done =
  | 'linkCopied'
  | 'handleCopied'
  | 'nameSaved'
  | 'passwordChanged'
  | 'accepted'
  | 'declined'
  | 'withdrawn'
  | 'removed'
  | 'blocked'
  | 'unblocked'
  | 'revoked'
  | 'asked'
  | 'historyCleared'

/** Toast is one short message: something done, or a problem that belongs to no form. */
export interface Toast {
  readonly id: number
  readonly done?: Done
  readonly name?: string
  readonly problem?: Problem
  readonly undo?: () => void
}

const shownFor = 6_000
const shownWithUndo = 12_000

/** Toasts are the messages that show themselves and go. */
export class Toasts {
  readonly list = signal<readonly Toast[]>([])
  #last = 0

  done(done: Done, name = '', undo?: () => void): void {
    this.#show({ done, name, ...(undo === undefined ? {} : { undo }) }, undo === undefined ? shownFor : shownWithUndo)
  }

  problem(problem: Problem): void {
    this.#show({ problem }, shownWithUndo)
  }

  dismiss(id: number): void {
    this.list.value = this.list.value.filter((x) => x.id !== id)
  }

  clear(): void {
    this.list.value = []
  }

  #show(toast: Omit<Toast, 'id'>, time: number): void {
    const id = ++this.#last
    this.list.value = [...this.list.value.slice(-1), { id, ...toast }] // two at most
    setTimeout(() => this.dismiss(id), time)
  }
}
