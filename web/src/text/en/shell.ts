import { f } from './format.ts'

export const app = {
  name: 'Ringfence',
  loading: 'One moment',
  skip: 'Skip to content',
  close: 'Close',
  back: 'Back',
  cancel: 'Cancel',
  tryAgain: 'Try again',
  undo: 'Undo',
  people: 'People',
  places: 'Places',
  number: (n: number) => f.number(n),
  calls: 'Calls',
  check: 'Camera and sound',
  settings: 'Settings',
  title: (page: string) => `${page} – Ringfence`,
  messages: 'Messages from Ringfence',
}

export const link = {
  offline: 'This device is offline. Calls and changes wait until it is back.',
  reconnecting: 'The connection to the server is gone. Trying again …',
  replaced: 'Ringfence went on in another tab with this session.',
  crowded: 'Too many tabs or devices are open with this account. Close one, then try again.',
  outdated: 'This page is older than the server. Load it again.',
  reload: 'Load again',
  noServer: 'The server can’t be reached',
  noServerWhy: 'Either this device has no network, or the server is switched off. Nothing is lost.',
}

export const notFound = {
  title: 'Nothing is here',
  why: 'The address may be misspelt, or what was here is gone.',
  home: 'Go to people',
}
