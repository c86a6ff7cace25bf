import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { anna, FakeCall, fakeClient, fakePage, friend, nobody, settle, someone } from '../testing/fakes.ts'
import { fakeSurroundings } from '../testing/surroundings.ts'
import { createApp } from './app.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

async function world() {
  const client = fakeClient({
    friends: () => Promise.resolve({ ...nobody, friends: [friend('ben', 'Ben')] }),
    signOut: () => Promise.resolve(),
  })
  const around = fakeSurroundings()
  const page = fakePage()
  const reload = vi.fn()
  page.reload = reload
  const app = createApp(client, page, around)
  app.preferences.notifications.value = true
  await app.start()
  await settle()
  around.take()
  const ring = (video = false): FakeCall => {
    const call = new FakeCall()
    Object.assign(call, { direction: 'incoming', state: 'incoming', video })
    client.fakeCalls.take(call)
    return call
  }
  const start = (): FakeCall => {
    app.call.start('ben', true)
    return client.fakeCalls.current!
  }
  return { app, around, client, page, ring, start, reload }
}

const about = (asked: string[], ...words: string[]): string[] => asked.filter((x) => words.some((w) => x.startsWith(w))).sort()

describe('a page that would go', () => {
  it('is asked about while a call would end with it, and at no other time', async () => {
    const { around, ring, start, client } = await world()
    const held = (): string | undefined => about(around.take(), 'hold page').at(-1)
    const call = ring()
    expect(held()).toBe('hold page false')
    call.set({ state: 'connecting' })
    expect(held()).toBe('hold page true')
    call.set({ state: 'connected', connectedAt: 1 })
    call.set({ state: 'reconnecting' })
    expect(held()).toBe('hold page true')
    client.fakeCalls.end('hangup')
    expect(held()).toBe('hold page false')
    start()
    expect(held()).toBe('hold page true')
    client.fakeCalls.end('no_answer')
    expect(held()).toBe('hold page false')
  })
})

describe('a call that comes', () => {
  it('rings from the first moment until it is answered', async () => {
    const { app, around, ring } = await world()
    const call = ring()
    expect(about(around.take(), 'loop', 'flash', 'vibrate')).toEqual(['flash true', 'loop ring', 'vibrate true'])
    call.set({ state: 'connecting' })
    expect(about(around.take(), 'quiet', 'flash', 'vibrate')).toEqual(['flash false', 'quiet', 'vibrate false'])
    call.set({ state: 'connected', connectedAt: 1 })
    call.set({ state: 'reconnecting' })
    call.set({ state: 'connected' })
    expect(about(around.take(), 'play')).toEqual(['play connect'])
    expect(app.attention.ringing.value).toBe(false)
  })

  it('makes no sound where sounds are off, and is shown all the same', async () => {
    const { app, around, ring } = await world()
    app.preferences.sounds.value = false
    around.see(false)
    around.take()
    ring(true)
    expect(about(around.asked, 'loop')).toEqual([])
    expect(about(around.asked, 'show')).toEqual(['show call1 Ben video'])
  })

  it('rings in one tab, and in this one as soon as the other is gone', async () => {
    const { around, ring } = await world()
    around.mine = false
    around.see(false)
    ring()
    expect(about(around.take(), 'loop', 'show', 'vibrate true')).toEqual([])
    around.ring?.(true)
    expect(about(around.take(), 'loop', 'show')).toEqual(['loop ring', 'show call1 Ben voice'])
    around.ring?.(false)
    expect(about(around.take(), 'quiet', 'close')).toEqual(['close call1', 'quiet'])
  })

  it('is a notification while the page is hidden, for as long as it rings', async () => {
    const { around, client, ring } = await world()
    ring()
    expect(about(around.take(), 'show')).toEqual([])
    around.see(false)
    expect(about(around.take(), 'show')).toEqual(['show call1 Ben voice'])
    around.see(true)
    expect(about(around.take(), 'close')).toEqual(['close call1'])
    around.see(false)
    around.take()
    client.fakeCalls.end('cancelled')
    expect(about(around.take(), 'close', 'missed', 'play')).toEqual(['close call1', 'missed ben Ben'])
  })

  it('says no name where names are not to be seen', async () => {
    const { app, around, client, ring } = await world()
    app.preferences.notifyNames.value = false
    around.see(false)
    ring()
    client.fakeCalls.end('no_answer')
    expect(about(around.asked, 'show', 'missed')).toEqual(['missed ben nameless', 'show call1 nameless voice'])
  })

  it('that one declined, or took elsewhere, was not missed', async () => {
    const { around, client, ring } = await world()
    around.see(false)
    ring()
    client.fakeCalls.end('declined', true)
    ring()
    client.fakeCalls.end('answered_elsewhere')
    ring()
    client.fakeCalls.end('declined') // in another tab, after which this one rang for a moment
    expect(about(around.asked, 'missed', 'play')).toEqual([])
  })

  it('is answered and declined from the notification, and only the call that it is about', async () => {
    const { around, ring, page } = await world()
    const call = ring(true)
    around.want({ action: 'accept', call: 'older' })
    expect(call.asked).toEqual([])
    around.want({ action: 'decline', call: 'call1' })
    around.want({ action: 'accept', call: 'call1' })
    expect(call.asked).toEqual(['decline', 'answer with picture'])
    around.want({ action: 'open', account: 'ben' })
    expect(page.at).toBe('/people/ben')
  })
})

describe('a call that one makes', () => {
  it('is heard ringing over there, and ending', async () => {
    const { around, client, start } = await world()
    const call = start()
    expect(about(around.take(), 'loop')).toEqual([])
    call.set({ state: 'outgoing', ringing: true })
    expect(about(around.take(), 'loop')).toEqual(['loop ringback'])
    client.fakeCalls.end('declined')
    expect(about(around.take(), 'quiet', 'play')).toEqual(['play end', 'quiet'])
  })

  it('keeps the screen on and the keys at hand while it runs', async () => {
    const { app, around, client, start } = await world()
    const call = start()
    expect(about(around.take(), 'awake', 'in call')).toEqual(['awake true', 'in call true'])
    call.set({ state: 'connected', connectedAt: 1, camera: true })
    expect(around.talks).toEqual({ name: 'Ben', muted: false, camera: true })
    app.preferences.notifyNames.value = false
    expect(around.talks?.name).toBe('')
    around.keys?.microphone()
    around.keys?.camera()
    around.keys?.hangUp()
    expect(call.asked).toEqual(['mute on', 'camera off', 'hang up'])
    client.fakeCalls.end('hangup', true)
    expect(around.talks).toBeUndefined()
    expect(around.asked).toContain('play end')
    expect(around.asked.filter((x) => x.startsWith('awake')).at(-1)).toBe('awake false')
  })
})

describe('what waits', () => {
  it('is counted on the icon, and nothing of it stays after signing out', async () => {
    const notice = { id: 'n', kind: 'missed_call' as const, from: someone('ben', 'Ben'), video: false, at: new Date(0) }
    const incoming = [{ id: 'r', person: someone('chi', 'Chi'), at: new Date(0) }] as never
    const client = fakeClient({ notices: () => Promise.resolve([notice]), friends: () => Promise.resolve({ ...nobody, incoming }), signOut: () => Promise.resolve(), me: () => Promise.resolve(anna) })
    const around = fakeSurroundings()
    const app = createApp(client, fakePage(), around)
    await app.start()
    await settle()
    expect(around.take().filter((x) => x.startsWith('badge')).at(-1)).toBe('badge 2')
    await app.signOut()
    expect(around.asked.filter((x) => x.startsWith('badge')).at(-1)).toBe('badge 0')
    expect(around.asked).toContain('clear')
  })
})

describe('a session that ends', () => {
  it('leaves no name on the screen: neither of who called, nor of what was just done', async () => {
    const { app, client, ring } = await world()
    ring()
    client.fakeCalls.end('cancelled')
    expect([app.call.shown.value?.missed, app.call.name.value]).toEqual([true, 'Ben'])
    app.toasts.done('removed', 'Ben', () => undefined)
    app.session.lost()
    expect([app.call.shown.value, app.call.name.value, app.toasts.list.value]).toEqual([undefined, '', []])
  })
})

describe('notifications', () => {
  it('are asked for when they are switched on, and never by themselves', async () => {
    const { app, around } = await world()
    app.preferences.notifications.value = false
    around.permission = 'default'
    around.see(true)
    expect(app.attention.permission.value).toBe('default')
    await app.attention.setNotifications(true)
    expect(app.attention.notifies.value).toBe(true)
    await app.attention.setNotifications(false)
    expect(app.attention.notifies.value).toBe(false)
  })

  it('stay off where the person or the browser refuses', async () => {
    const { app, around } = await world()
    around.permission = 'denied'
    around.see(true)
    await app.attention.setNotifications(true)
    expect(app.preferences.notifications.value).toBe(false)
  })
})

describe('after the first call', () => {
  it('what makes calls better is suggested, each once', async () => {
    const { app, around, client, page, start } = await world()
    app.preferences.notifications.value = false
    around.permission = 'default'
    around.see(true)
    const install = vi.fn(() => Promise.resolve(true))
    around.offer(install)
    const talk = (): void => {
      start().set({ state: 'connected', connectedAt: 1 })
      client.fakeCalls.end('hangup', true)
      app.call.close()
    }
    expect(app.install.suggestion.value).toBeUndefined()
    talk()
    expect(app.install.suggestion.value).toBe('notifications')
    talk()
    expect(app.install.suggestion.value).toBe('install')
    await app.install.install()
    expect(install).toHaveBeenCalled()
    expect(app.install.way.value).toBe('done')
    talk()
    expect(app.install.suggestion.value).toBeUndefined()
    expect([...page.kept.values()]).toContain('notifications install')
  })
})

describe('a new version', () => {
  it('is offered, and taken when one presses', async () => {
    const { app, around, reload } = await world()
    expect(app.update.offer.value).toBeUndefined()
    around.tell('ready')
    expect(app.update.offer.value).toBe('ready')
    await app.update.now()
    expect(about(around.asked, 'take')).toEqual(['take'])
    expect(reload).not.toHaveBeenCalled()
    around.tell('taken')
    around.tell('taken')
    expect(reload).toHaveBeenCalledOnce()
  })

  it('is put off until the next one', async () => {
    const { app, around } = await world()
    around.tell('ready')
    app.update.later()
    expect(app.update.offer.value).toBeUndefined()
    around.tell('ready')
    expect(app.update.offer.value).toBe('ready')
  })

  it('is never offered in a call, nor taken: the page loads again after it', async () => {
    const { app, around, client, start, reload } = await world()
    start().set({ state: 'connected', connectedAt: 1 })
    around.tell('ready')
    expect(app.update.offer.value).toBeUndefined()
    around.tell('taken')
    expect(reload).not.toHaveBeenCalled()
    client.fakeCalls.end('hangup')
    expect(reload).toHaveBeenCalledOnce()
  })

  it('waits for a call in another tab', async () => {
    const { app, around } = await world()
    around.free = false
    around.tell('ready')
    await app.update.now()
    expect(app.update.offer.value).toBe('waits')
  })

  it('is there when a part of the page is gone from the server', async () => {
    const { app, around, client, reload } = await world()
    client.link.become('waiting')
    around.tell('broken')
    expect(app.update.offer.value).toBeUndefined() // without a server nothing can be had
    client.link.become('open')
    expect(app.update.offer.value).toBe('ready')
    app.update.later()
    around.tell('broken')
    expect(app.update.offer.value).toBe('ready')
    around.take()
    await app.update.now()
    expect(around.take()).toEqual(['forget']) // or the worker would serve the same page again
    expect(reload).toHaveBeenCalledOnce()
  })

  it('is asked for when the server was away, when it is time, and when the page is looked at after a while', async () => {
    const { around, client, page } = await world()
    client.link.become('waiting')
    client.link.become('open')
    around.tell('due')
    expect(about(around.take(), 'check')).toEqual(['check', 'check'])
    around.see(true)
    expect(about(around.take(), 'check')).toEqual([])
    const late = new Date(page.now().getTime() + 6 * 60_000)
    Object.assign(page, { now: () => late })
    around.see(false)
    around.see(true)
    expect(about(around.take(), 'check')).toEqual(['check'])
  })
})
