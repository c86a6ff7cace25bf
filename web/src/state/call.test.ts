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
    expect(room.shown.value).toMatchObject({ state: 'ended', end: reason })
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

  it.each<[EndReason, boolean]>([['cancelled', false], ['no_answer', false], ['declined', true]])('and is %s leaves no screen: a notice tells of it', async (reason, byUs) => {
    const { room, calls, ring } = await together()
    ring(false)
    calls.end(reason, byUs)
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
