import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { FakeCall, fakeClient, fakePage, friend, nobody, settle } from '../testing/fakes.ts'
import { createApp } from './app.ts'
import { type EndReason } from './call.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

async function together() {
  const client = fakeClient({ friends: () => Promise.resolve({ ...nobody, friends: [friend('ben', 'Ben')] }) })
  const app = createApp(client, fakePage())
  await app.start()
  await settle()
  const current = (): FakeCall => {
    if (client.fakeCalls.current === undefined) throw new Error('no call')
    return client.fakeCalls.current
  }
  const ring = (video: boolean): FakeCall => {
    const call = new FakeCall()
    Object.assign(call, { direction: 'incoming', state: 'incoming', video })
    client.fakeCalls.take(call)
    return call
  }
  return { app, room: app.call, calls: client.fakeCalls, current, ring }
}

describe('a browser without WebRTC', () => {
  it('says that it has no calls, and neither starts nor takes one', async () => {
    const { app, room, calls, ring } = await together()
    calls.possible = false
    room.start('ben', true)
    expect(room.shown.value).toBeUndefined()
    expect(app.toasts.list.value.at(-1)?.problem?.code).toBe('no_calls')
    const call = ring(true)
    room.answer(true)
    room.decline()
    expect(call.asked).toEqual(['decline'])
  })
})

describe('a call on another device', () => {
  const there = { id: 'away', peer: 'ben', video: true, caller: true, began: 1 }

  it('is known while it lasts, the newest of them', async () => {
    const { room, calls } = await together()
    expect(room.elsewhere.value).toBeUndefined()
    calls.has(there)
    calls.has(there, { ...there, id: 'newer' })
    expect(room.elsewhere.value?.id).toBe('newer')
    calls.has(there)
    expect(room.elsewhere.value?.id).toBe('away')
    calls.has()
    expect(room.elsewhere.value).toBeUndefined()
  })

  it('goes on here when asked to, once', async () => {
    const { room, calls } = await together()
    room.bring()
    expect(calls.asked).toEqual([])
    calls.has(there)
    room.bring()
    room.bring()
    expect(calls.asked).toEqual(['bring away'])
    expect(room.shown.value).toMatchObject({ peer: 'ben' })
  })

  it('stays where it is while one runs here, and in a browser without calls', async () => {
    const { app, room, calls, current } = await together()
    calls.has(there)
    calls.possible = false
    room.bring()
    expect(app.toasts.list.value.at(-1)?.problem?.code).toBe('no_calls')
    calls.possible = true
    room.start('ben', false)
    current().set({ state: 'connected', connectedAt: 1 })
    room.bring()
    expect(calls.asked).toEqual([])
  })
})

describe('a device that is not to be had', () => {
  const gone = { kind: 'no_camera', device: 'camera', blocking: false } as const
  const talking = async () => {
    const world = await together()
    world.room.start('ben', true)
    world.current().set({ state: 'connected', connectedAt: 1, problem: gone })
    return { ...world, device: (): string | undefined => world.room.shown.value?.trouble?.device }
  }

  it('is put away by whoever has read it, and stays away while nothing changes', async () => {
    const { room, current, device } = await talking()
    expect(device()).toBe('camera')
    room.closeTrouble()
    expect(device()).toBeUndefined()
    current().set({ muted: true, problem: { ...gone } })
    expect(device()).toBeUndefined()
    current().set({ problem: { ...gone, kind: 'in_use' } })
    expect(device()).toBe('camera')
  })

  it('is said again once it was mended meanwhile, or tried again', async () => {
    const { room, current, device } = await talking()
    for (const tried of [() => room.retry(), () => room.toggleCamera(), () => room.chooseCamera('two'), () => room.chooseMicrophone('two')]) {
      room.closeTrouble()
      expect(device()).toBeUndefined()
      tried()
      current().set({ problem: { ...gone } })
      expect(device()).toBe('camera')
    }
    room.closeTrouble()
    current().set({ problem: undefined })
    current().set({ problem: gone })
    expect(device()).toBe('camera')
  })

  it('stays where the call waits for it', async () => {
    const { room, current, device } = await talking()
    current().set({ problem: { ...gone, device: 'microphone', blocking: true } })
    room.closeTrouble()
    expect(device()).toBe('microphone')
  })
})

describe('a call that one makes', () => {
  it('is shown from the first moment to its end, with a name and a clock', async () => {
    const { room, calls, current } = await together()
    room.start('ben', true)
    expect(room.name.value).toBe('Ben')
    expect(room.shown.value).toMatchObject({ state: 'preparing', video: true, incoming: false })
    current().set({ state: 'outgoing', ringing: true })
    expect(room.shown.value?.ringing).toBe(true)
    const call = current()
    call.set({ state: 'connected', connectedAt: 1, path: 'direct' })
    call.ran = 61
    vi.advanceTimersByTime(500)
    expect(room.seconds.value).toBe(61)
    expect(room.shown.value).toMatchObject({ talked: true, path: 'direct' })
    calls.end('hangup')
    expect(room.shown.value).toMatchObject({ state: 'ended', end: 'hangup' })
    expect(room.running.value).toBe(false)
    vi.advanceTimersByTime(5_000)
    expect(room.shown.value).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
    expect(call.listeners).toBe(0)
  })

  it('is the only one: a second press starts nothing', async () => {
    const { room, current } = await together()
    room.start('ben', false)
    const first = current()
    room.start('ben', true)
    expect(current()).toBe(first)
  })

  it('taken back shows no end screen', async () => {
    const { room, calls } = await together()
    room.start('ben', false)
    calls.end('cancelled', true)
    expect(room.shown.value).toBeUndefined()
  })

  it.each<[EndReason, boolean]>([
    ['declined', false], ['busy', false], ['no_answer', false], ['offline', false], ['unreachable', false], ['lost', false],
    ['failed', true], ['reach', false], ['stopped', false], ['error', true], ['no_answer', true], ['rate_limited', false],
  ])('that ends by %s stays on the screen until it was read', async (reason, byUs) => {
    const { room, calls, current } = await together()
    room.start('ben', true)
    calls.end(reason, byUs)
    vi.advanceTimersByTime(60_000)
    expect(room.shown.value).toMatchObject({ state: 'ended', end: reason, missed: false })
    room.again()
    expect(current().video).toBe(true)
    calls.end(reason, byUs)
    room.close()
    expect(room.shown.value).toBeUndefined()
  })

  it('keeps the name of somebody who is no friend any more', async () => {
    const { app, room } = await together()
    room.start('ben', false)
    expect(room.name.value).toBe('Ben')
    app.people.clear()
    expect(room.name.value).toBe('Ben')
  })

  it('passes on what is pressed', async () => {
    const { room, current } = await together()
    room.start('ben', true)
    const call = current()
    room.toggleMute()
    call.set({ muted: true, camera: true })
    room.toggleMute()
    room.toggleCamera()
    room.retry()
    room.goOn()
    room.hangUp()
    expect(call.asked).toEqual(['mute on', 'mute off', 'camera off', 'retry', 'go on', 'hang up'])
    room.close()
    expect(room.shown.value).toBeDefined() // not while it runs
  })

  it('says what is wrong with camera and microphone', async () => {
    const { room, current } = await together()
    room.start('ben', true)
    current().set({ problem: { kind: 'denied', device: 'microphone', blocking: true } })
    expect(room.shown.value?.trouble).toMatchObject({ problem: { code: 'media_denied' }, blocking: true })
    current().set({ problem: { kind: 'no_camera', device: 'camera', blocking: false } })
    expect(room.shown.value?.trouble?.problem.code).toBe('camera_missing')
  })
})

describe('a call that comes', () => {
  it('is answered with or without a picture', async () => {
    const { room, ring } = await together()
    const call = ring(true)
    expect(room.shown.value).toMatchObject({ state: 'incoming', incoming: true, video: true })
    room.answer(false)
    expect(call.asked).toEqual(['answer without picture'])
  })

  it.each<EndReason>(['cancelled', 'no_answer', 'offline', 'lost', 'stopped'])('and nobody answers before it is %s was missed: that stays until it was read', async (reason) => {
    const { room, calls, ring } = await together()
    ring(true)
    calls.end(reason)
    vi.advanceTimersByTime(60_000)
    expect(room.shown.value).toMatchObject({ state: 'ended', missed: true })
    room.again(false)
    expect(calls.current).toMatchObject({ peer: 'ben', video: false, direction: 'outgoing' })
  })

  it.each([true, false])('and is declined, here: %s, leaves no screen', async (byUs) => {
    const { room, calls, ring } = await together()
    ring(false)
    calls.end('declined', byUs)
    expect(room.shown.value).toBeUndefined()
  })

  it('and is taken on another device says so for a moment', async () => {
    const { room, calls, ring } = await together()
    ring(false)
    calls.end('answered_elsewhere')
    expect(room.shown.value?.end).toBe('answered_elsewhere')
    vi.advanceTimersByTime(5_000)
    expect(room.shown.value).toBeUndefined()
  })

  it('takes the place of an end screen, and its clock starts anew', async () => {
    const { room, calls, current, ring } = await together()
    room.start('ben', false)
    current().set({ state: 'connected', connectedAt: 1 })
    calls.end('hangup')
    ring(false)
    expect(room.shown.value?.state).toBe('incoming')
    expect(room.seconds.value).toBe(0)
    vi.advanceTimersByTime(10_000)
    expect(room.shown.value?.state).toBe('incoming')
  })

  it('in the same moment as one’s own takes its place without an end screen', async () => {
    const { room, current, calls } = await together()
    room.start('ben', true)
    const own = current()
    const theirs = new FakeCall()
    Object.assign(theirs, { id: 'call2', direction: 'incoming', state: 'connecting', video: true })
    calls.take(theirs)
    own.set({ state: 'ended', endReason: 'glare', endedByUs: true })
    expect(room.shown.value).toMatchObject({ id: 'call2', state: 'connecting' })
  })
})

describe('what one does in a call', () => {
  async function talking(change: Partial<FakeCall> = {}) {
    const all = await together()
    all.room.start('ben', true)
    const call = all.current()
    call.set({ state: 'connected', connectedAt: 1, camera: true, ...change })
    return { ...all, call }
  }

  it('goes to the call: the screen, the other camera, another device', async () => {
    const { app, room, call } = await talking({ canShareScreen: true })
    room.toggleScreen()
    call.set({ screen: true })
    room.toggleScreen()
    room.swapCamera()
    room.chooseMicrophone('headset')
    room.chooseCamera('webcam')
    expect(call.asked).toEqual(['screen on', 'screen off', 'swap camera', 'microphone headset', 'camera webcam'])
    expect(app.preferences.microphone.value).toBe('headset')
    expect(app.preferences.camera.value).toBe('webcam')
  })

  it('a screen that can’t be shown is said so', async () => {
    const { room, call } = await talking()
    call.setScreen = () => Promise.reject(new Error('refused'))
    room.toggleScreen()
    await settle()
    expect(room.notes.note.value).toEqual({ kind: 'share_failed' })
  })

  it('a device that was pulled out is said, and forgotten with the call', async () => {
    const { room, calls, call } = await talking()
    call.tell('device', { device: 'microphone', now: 'switched', label: 'Built-in' })
    expect(room.notes.note.value).toEqual({ kind: 'device', device: 'microphone', now: 'switched', label: 'Built-in' })
    calls.end('hangup')
    expect(room.notes.note.value).toBeUndefined()
    room.close()
    expect(vi.getTimerCount()).toBe(0)
    expect(call.listeners).toBe(0)
  })

  it('talks while the key is down; pressing mute meanwhile ends that', async () => {
    const { room, call } = await talking({ muted: true })
    room.talk.press()
    expect(call.asked).toEqual(['mute off'])
    call.set({ muted: false })
    room.toggleMute()
    room.talk.release()
    expect(call.asked).toEqual(['mute off', 'mute on'])
  })

  it('begins muted where one likes to push to talk', async () => {
    const { app, calls } = await together()
    app.preferences.pushToTalk.value = true
    expect(calls.settings).toMatchObject({ startMuted: true })
  })

  it('hears that the connection is weak', async () => {
    const { room, call } = await talking({ quality: 'poor' })
    for (const seconds of [1, 1, 2, 2]) {
      call.ran = seconds
      vi.advanceTimersByTime(500)
    }
    expect(room.quality.word.value).toBe('weak')
  })

  it('knows what is sent and what is held back, on both sides', async () => {
    const { room, call } = await talking({ held: true, using: { microphone: 'm1' } })
    Object.assign(call.remote, { screen: true, held: true })
    call.set({})
    expect(room.shown.value).toMatchObject({ held: true, using: { microphone: 'm1' }, remote: { screen: true, held: true } })
  })

  it('a friend who comes while the end is still shown is noticed', async () => {
    const { app, room, calls } = await talking()
    calls.end('offline')
    expect(room.here.value).toBe(false)
    app.people.presence('ben', true)
    expect(room.here.value).toBe(true)
  })
})
