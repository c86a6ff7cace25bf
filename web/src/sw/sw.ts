// The service worker: keeps the program, so that it opens without a server,
// and shows notifications. It never sees the API: nothing private is kept.

import { type FromWorker, type PageLock, type ToWorker } from './messages.ts'
import { type Build, isRoute, Shelf } from './shelf.ts'

declare const self: ServiceWorkerGlobalScope
/** Written in by the build (build/shell.ts). */
declare const __BUILD__: Build

const shelf = new Shelf(__BUILD__, caches, (path, init) => fetch(path, init))

const pageLock: PageLock = 'ringfence.page:'

/** Pages hold a lock while they may need parts of their version; a version that is on its way is left alone. */
async function sweep(): Promise<void> {
  if (self.registration.installing !== null || self.registration.waiting !== null) return
  const { held = [], pending = [] } = await self.navigator.locks.query()
  const names = [...held, ...pending].map((x) => x.name ?? '').filter((name) => name.startsWith(pageLock))
  await shelf.sweep(names.map((name) => name.slice(pageLock.length)))
}

self.addEventListener('install', (event) => event.waitUntil(shelf.fill()))
self.addEventListener('activate', (event) => event.waitUntil(sweep()))

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.startsWith('/api')) return
  if (request.mode === 'navigate') {
    if (!isRoute(url.pathname)) return
    event.respondWith(shelf.page())
    event.waitUntil(shelf.refreshPage())
  } else if (shelf.has(url.pathname)) event.respondWith(shelf.file(url.pathname))
})

/** Shown, looked at and closed one after the other: a look while one is being shown makes some browsers forget it. */
let queue: Promise<unknown> = Promise.resolve()

function inTurn<T>(work: () => Promise<T>): Promise<T | undefined> {
  const done = queue.then(work).catch(() => undefined)
  queue = done
  return done
}

async function close(tag?: string): Promise<void> {
  for (const shown of await self.registration.getNotifications(tag === undefined ? {} : { tag })) shown.close()
}

/** Closes the notifications of calls that rang in a tab that is gone: nobody can answer from them. It returns how many are left. */
async function closeOrphans(): Promise<number> {
  let left = 0
  for (const shown of await self.registration.getNotifications()) {
    const { call, client } = shown.data as Shown
    if (call === undefined) continue
    if (client === undefined || (await self.clients.get(client)) === undefined) shown.close()
    else left++
  }
  return left
}

const lookEvery = 1_000
/** Longer than anything rings. */
const looksAtMost = 120

/** A tab that is closed or dies says nothing: it is looked for as long as its call rings. */
async function watchCalls(): Promise<void> {
  for (let i = 0; i < looksAtMost; i++) {
    await new Promise((done) => setTimeout(done, lookEvery))
    if ((await inTurn(closeOrphans)) === 0) return
  }
}

/** The server has no worker any more: neither will this browser. */
async function doubt(): Promise<void> {
  const answer = await fetch('/sw.js', { cache: 'no-store' }).catch(() => undefined)
  if (answer?.status !== 404) return
  await self.registration.unregister()
  await shelf.removeAll()
}

self.addEventListener('message', (event) => {
  const message = event.data as ToWorker
  const client = event.source instanceof Client ? event.source.id : undefined
  switch (message.kind) {
    case 'show': {
      const options = { ...message.options, renotify: true, actions: message.actions, data: { ...(message.options.data as object), client } }
      const done = inTurn(() => self.registration.showNotification(message.title, options))
      event.waitUntil(message.actions.length > 0 ? done.then(watchCalls) : done)
      break
    }
    case 'close':
      event.waitUntil(inTurn(() => close(message.tag)))
      break
    case 'take':
      event.waitUntil(self.skipWaiting())
      break
    case 'hello':
      event.waitUntil(Promise.all([inTurn(closeOrphans), sweep()]))
      break
    case 'doubt':
      event.waitUntil(doubt())
      break
  }
})

interface Shown {
  readonly client?: string
  readonly call?: string
  readonly account?: string
}

/** The tab that showed it, or any other of ours. */
async function tabOf(id: string | undefined): Promise<WindowClient | undefined> {
  const tabs = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  return tabs.find((tab) => tab.id === id) ?? tabs[0]
}

async function pressed(notification: Notification, action: string): Promise<void> {
  const { client, call, account } = notification.data as Shown
  notification.close()
  const tab = await tabOf(client)
  const wanted: FromWorker['wanted'] = {
    action: action === 'accept' || action === 'decline' ? action : 'open',
    ...(call === undefined ? {} : { call }),
    ...(account === undefined ? {} : { account }),
  }
  if (tab === undefined) {
    if (action !== 'decline') await self.clients.openWindow(account === undefined ? '/' : `/people/${account}`)
    return
  }
  tab.postMessage({ wanted } satisfies FromWorker)
  if (action !== 'decline') await tab.focus().catch(() => undefined) // a browser may keep it from us
}

self.addEventListener('notificationclick', (event) => event.waitUntil(pressed(event.notification, event.action)))
