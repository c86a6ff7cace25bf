// What the app asks of the device that it runs on: to ring, to say so while
// nobody looks, to stay awake, to take a new version. A browser has most of
// it; whatever is missing does nothing.

import { type SoundName } from '../sound/scores.ts'

/** Sounds makes the app's own sounds. Held back by the browser they come at the next gesture, or not at all. */
export interface Sounds {
  /** Repeats a sound until quiet. */
  loop: (name: SoundName) => void
  quiet: () => void
  play: (name: SoundName) => void
  /** From 0 to 1. */
  setVolume: (volume: number) => void
  /** The id of an output; empty is the system's. */
  setSpeaker: (id: string) => void
}

/** Permission is what the person said about notifications; missing is a browser without them. */
export type Permission = 'granted' | 'denied' | 'default' | 'missing'

/** Wanted is what was pressed on a notification. */
export interface Wanted {
  readonly action: 'accept' | 'decline' | 'open'
  readonly call?: string
  readonly account?: string
}

/** Notifier shows notifications of the system. A name that is undefined is not to be shown. */
export interface Notifier {
  permission: () => Permission
  ask: () => Promise<Permission>
  call: (call: { readonly id: string; readonly name: string | undefined; readonly video: boolean }) => void
  endCall: (id: string) => void
  missed: (missed: { readonly account: string; readonly name: string | undefined; readonly video: boolean }) => void
  /** Takes away everything that is shown. */
  clear: () => void
  onWanted: (fn: (wanted: Wanted) => void) => void
}

/** Talk is what keys and headphones may change, and what the system shows of a call. */
export interface Talk {
  /** Empty where it is not to be shown. */
  readonly name: string
  readonly muted: boolean
  readonly camera: boolean
}

export interface TalkActions {
  readonly microphone: () => void
  readonly camera: () => void
  readonly hangUp: () => void
}

/** Updates is the worker that keeps the program for this browser. */
export interface Updates {
  /** Calls fn when a new version lies ready. */
  onReady: (fn: () => void) => void
  /** Calls fn when the new version took over: this page is an old one now. */
  onTaken: (fn: () => void) => void
  /** Calls fn when a part of this page could not be had. */
  onBroken: (fn: () => void) => void
  /** Calls fn every now and then: it is time to ask again. */
  onDue: (fn: () => void) => void
  /** Asks the server for a newer version. */
  check: () => void
  /** Has the new version take over once no tab is in a call. Resolves with false where one is, and takes over after it. */
  take: () => Promise<boolean>
  /** Has the server, and no worker, answer for the next page: what is kept here can't be made whole. */
  forget: () => Promise<void>
}

/** Installs is the browser's way to put the app among the others of the device. */
export interface Installs {
  /** Whether the page runs as an app already. */
  readonly installed: boolean
  /** Whether it has to be done by hand, in the way of Apple's phones. */
  readonly byHand: boolean
  /** Calls fn when the browser can install it, and with undefined when it no longer can. */
  onOffer: (fn: (install: (() => Promise<boolean>) | undefined) => void) => void
}

export interface Surroundings {
  readonly sounds: Sounds
  readonly notifier: Notifier
  readonly updates: Updates
  readonly installs: Installs
  /**
   * Contends to be the one tab of this browser that rings, and tells whether it
   * is. The function that it returns gives up.
   */
  readonly contend: (fn: (mine: boolean) => void) => () => void
  readonly visible: () => boolean
  readonly onVisible: (fn: () => void) => void
  readonly badge: (count: number) => void
  readonly awake: (on: boolean) => void
  readonly flash: (on: boolean) => void
  readonly vibrate: (on: boolean) => void
  /** Tells the other tabs that a call runs here. */
  readonly inCall: (on: boolean) => void
  /** Has the browser ask before the page is closed or loaded anew. */
  readonly holdPage: (on: boolean) => void
  readonly talk: (talk: Talk | undefined, actions: TalkActions) => void
}

const nothing = (): void => undefined

/** noSurroundings is a device that can do nothing. */
export const noSurroundings: Surroundings = {
  sounds: { loop: nothing, quiet: nothing, play: nothing, setVolume: nothing, setSpeaker: nothing },
  notifier: { permission: () => 'missing', ask: () => Promise.resolve('missing'), call: nothing, endCall: nothing, missed: nothing, clear: nothing, onWanted: nothing },
  updates: { onReady: nothing, onTaken: nothing, onBroken: nothing, onDue: nothing, check: nothing, take: () => Promise.resolve(true), forget: () => Promise.resolve() },
  installs: { installed: false, byHand: false, onOffer: nothing },
  contend: (fn) => {
    fn(true)
    return nothing
  },
  visible: () => true,
  onVisible: nothing,
  badge: nothing,
  awake: nothing,
  flash: nothing,
  vibrate: nothing,
  inCall: nothing,
  holdPage: nothing,
  talk: nothing,
}
