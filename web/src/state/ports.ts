// What view models need from outside: the SDK's parts, and the little of the
// page that they touch. Tests hand in their own.

import {
  type Api as SdkApi,
  type Call as SdkCall,
  type Calls as SdkCalls,
  type Client as SdkClient,
  type Preview as SdkPreview,
  type PreviewChoice,
  type SignalSocket,
} from '@ringfence/sdk'

export type Api = Pick<SdkApi, keyof SdkApi>
export type Link = Pick<SignalSocket, 'state' | 'stopReason' | 'on' | 'reconnect'>
export type Call = Pick<SdkCall, keyof SdkCall>
export type Preview = Pick<SdkPreview, keyof SdkPreview>

/** DeviceList is what this machine has to hear, see and be heard with. */
export interface DeviceList extends Pick<SdkClient, 'devices' | 'watchDevices'> {
  preview: (choice: PreviewChoice) => Preview
}

/** Calls is the SDK's, with what its listeners get reduced to what is needed of a call. */
export interface Calls {
  readonly current?: Call | undefined
  readonly possible: boolean
  settings: SdkCalls['settings']
  start: (account: string, options: { video: boolean }) => Call
  readonly elsewhere: SdkCalls['elsewhere']
  bring: (id: string) => Call | undefined
  switchTo: (options: { video: boolean }) => Promise<void>
  on: (event: 'change' | 'waiting' | 'elsewhere', fn: (call?: Call) => void) => () => void
}

/** Place is where one is: the address bar. */
export interface Place {
  path: () => string
  hash: () => string
  go: (url: string, replace: boolean) => void
  /** Calls fn when the person goes back or forward. */
  onMove: (fn: () => void) => void
}

/** Memory is a small store of this browser's. It may forget, and never throws. */
export interface Memory {
  get: (key: string) => string | undefined
  set: (key: string, value: string) => void
  remove: (key: string) => void
}

/** Columns: a phone, a tablet, a wide screen. */
export type Columns = 1 | 2 | 3

/** Page is what of the page view models ask for. */
export interface Page {
  readonly origin: string
  readonly place: Place
  readonly memory: Memory
  readonly now: () => Date
  copy: (text: string) => Promise<void>
  /** Another program's way to send a link, where there is one. */
  readonly share: ((text: string) => Promise<void>) | undefined
  /** Plays a short sound on a loudspeaker; the system's own where the id is empty. */
  chime: (speaker: string) => Promise<void>
  /** Whether this browser lets one choose a loudspeaker. */
  readonly choosesSpeaker: boolean
  online: () => boolean
  onOnline: (fn: () => void) => void
  reload: () => void
  /** How many columns there is room for, and fn when that changes. */
  columns: () => Columns
  onColumns: (fn: () => void) => void
}
