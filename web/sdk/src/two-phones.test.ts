// Two whole clients, a hub between them, and everything that people and
// networks do in any order: whatever happened, both end up in the same place.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { type Phone, phone } from '../test/calling.ts'
import { anna, berta, settle, world } from '../test/fakes.ts'
import { Switchboard } from '../test/switchboard.ts'

let a: Phone
let b: Phone
let board: Switchboard

beforeEach(() => {
  vi.useFakeTimers()
  a = phone(world())
  b = phone(world())
  board = new Switchboard(a, b)
})

afterEach(() => {
  a.signal.close()
  b.signal.close()
  vi.useRealTimers()
})

const callOf = (p: Phone): NonNullable<Phone['calls']['current']> => {
  if (p.calls.current === undefined) throw new Error('no call')
  return p.calls.current
}

/** Media flow where both sides have agreed. */
function flow(): void {
  for (const p of [a, b]) {
    const { current } = p.calls
    const peer = p.peers.at(-1)
    if (current === undefined || peer === undefined || peer.closed) continue
    if (current.other !== undefined && peer.signalingState === 'stable' && peer.connectionState !== 'connected') peer.become('connected')
  }
}

async function quiet(): Promise<void> {
  await board.pump()
  flow()
  await board.pump()
}

describe('two phones', () => {
  it('talk, see each other mute, and hang up', async () => {
    a.calls.start(berta, { video: true })
    await quiet()
    expect(callOf(a)).toMatchObject({ state: 'outgoing', ringing: true })
    expect(callOf(b).state).toBe('incoming')
    await callOf(b).answer({ video: false })
    await quiet()
    expect([callOf(a).state, callOf(b).state]).toEqual(['connected', 'connected'])
    expect(callOf(a).remote).toEqual({ audio: true, video: false })
    expect(callOf(b).remote).toEqual({ audio: true, video: true })
    callOf(a).setMuted(true)
    await quiet()
    expect(callOf(b).remote).toEqual({ audio: false, video: true })
    const heard = callOf(b)
    callOf(a).hangUp()
    await quiet()
    expect(heard).toMatchObject({ endReason: 'hangup', endedByUs: false })
    expect(board.talks).toBe(0)
  })

  it('talk where each calls the other at the same moment', async () => {
    a.calls.start(berta, { video: true })
    b.calls.start(anna, { video: true })
    await quiet()
    expect([callOf(a).state, callOf(b).state]).toEqual(['connected', 'connected'])
    expect(callOf(a).id).toBe(callOf(b).id)
    expect(board.talks).toBe(1)
  })

  it('find a new way at the same moment', async () => {
    a.calls.start(berta, { video: true })
    await quiet()
    await callOf(b).answer({ video: true })
    await quiet()
    const [pa, pb] = [a.peer(), b.peer()]
    pa.become('failed')
    pb.become('failed')
    await quiet()
    expect([pa.restarts, pb.restarts]).toEqual([1, 0]) // one of them looks
    expect([pa.log, pb.log].flat()).not.toContain('rollback')
    expect([pa.signalingState, pb.signalingState]).toEqual(['stable', 'stable'])
    expect([callOf(a).state, callOf(b).state]).toEqual(['connected', 'connected'])
  })

  it('end in the same place after a goodbye that crossed an answer', async () => {
    const call = a.calls.start(berta, { video: false })
    await quiet()
    call.hangUp()
    await callOf(b).answer({ video: false })
    await quiet()
    expect([a.calls.current, b.calls.current]).toEqual([undefined, undefined])
  })
})

/** A small generator, so that a run that fails can be run again. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

type Step = (p: Phone, to: string) => unknown

const steps: Record<string, Step> = {
  start: (p, to) => p.calls.current ?? p.calls.start(to, { video: true }),
  answer: (p) => p.calls.current?.answer({ video: true }),
  decline: (p) => p.calls.current?.decline(),
  hangUp: (p) => p.calls.current?.hangUp(),
  quit: (p) => p.calls.current?.quit(),
  mute: (p) => p.calls.current?.setMuted(!p.calls.current.muted),
  camera: (p) => p.calls.current?.setCamera(!p.calls.current.camera),
  lost: (p) => p.hub.socket.readyState === 1 && p.hub.socket.drop(),
  online: (p) => p.network('online'),
  disconnected: (p) => p.peers.at(-1)?.become('disconnected'),
}

/** Brings a phone's session back, where it is lost. */
function resume(p: Phone): void {
  if (p.signal.state === 'open') return
  if (p.signal.state === 'waiting') p.signal.reconnect()
  p.hub.welcome(true)
}

describe('whatever happens', () => {
  it.each(Array.from({ length: 60 }, (_, i) => i + 1))('both end up in the same place: %i', async (seed) => {
    const roll = dice(seed)
    const names = Object.keys(steps)
    const done: string[] = []
    for (let i = 0; i < 25; i++) {
      const [p, to] = roll(2) === 0 ? ([a, berta] as const) : ([b, anna] as const)
      const name = names[roll(names.length)] ?? ''
      done.push(`${p === a ? 'a' : 'b'} ${name}`)
      void steps[name]?.(p, to)
      if (roll(2) === 0) await settle()
      if (roll(2) === 0) await quiet()
      if (roll(3) === 0) resume(p)
    }
    resume(a)
    resume(b)
    for (let i = 0; i < 4; i++) await quiet()

    const [x, y] = [a.calls.current, b.calls.current]
    const story = done.join(', ')
    expect([x?.id, x?.state === 'connected'], story).toEqual([y?.id, y?.state === 'connected'])
    x?.hangUp()
    y?.hangUp()
    await quiet()
    await vi.advanceTimersByTimeAsync(10_000) // some browsers' timers end by themselves
    expect([a.calls.current, b.calls.current, board.talks], story).toEqual([undefined, undefined, 0])
    for (const p of [a, b]) {
      expect(p.devices.tracks.filter((t) => t.readyState === 'live'), story).toEqual([])
      expect(p.peers.every((peer) => peer.closed), story).toBe(true)
      expect(p.watchers.size, story).toBe(1)
    }
    expect(vi.getTimerCount(), story).toBe(0)
  })
})
