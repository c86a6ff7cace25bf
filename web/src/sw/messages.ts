// What pages and the worker say to each other.

import { type Wanted } from '../state/surroundings.ts'

/** Action is a button on a notification. */
export interface Action {
  readonly action: 'accept' | 'decline'
  readonly title: string
}

export type ToWorker =
  | { readonly kind: 'show'; readonly title: string; readonly options: NotificationOptions; readonly actions: readonly Action[] }
  | { readonly kind: 'close'; readonly tag?: string }
  /** The waiting version may take over. */
  | { readonly kind: 'take' }
  /** A page began: what no page uses any more can go, and what a page left behind that is gone. */
  | { readonly kind: 'hello' }
  /** The server may no longer have a worker. */
  | { readonly kind: 'doubt' }

export interface FromWorker {
  readonly wanted: Wanted
}

/**
 * A page holds a shared lock of this name and its entry's address, as long as it
 * may still load parts of its version. Only the type is here: the worker shares
 * no module with the page, or it would be two files.
 */
export type PageLock = 'ringfence.page:'
