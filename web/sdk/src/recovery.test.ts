import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answered, comesIn, ends, fresh, incomingCall, other, type Phone, phone, rings, servers, talks } from '../test/calling.ts'
import { berta, settle } from '../test/fakes.ts'
import { type Call } from './call.ts'

let p: Phone

beforeEach(() => {
  vi.useFakeTimers()
  p = phone()
})

afterEach(() => {
  p.signal.close()
  vi.useRealTimers()
})

/** The hub answers what was asked last. */
async function giveServers(call: Call): Promise<void> {
  p.hub.send({ kind: 'servers', call: call.id, body: { servers: fresh } })
  await settle()
}

/** A call that came in, was taken and runs. */
async function takes(): Promise<Call> {
  await comesIn(p)
  const call = p.calls.current
  if (call === undefined) throw new Error('nothing rings')
  await call.answer({ video: false })
  p.hub.send({ kind: 'answered', call: call.id, body: { media: 'audio', peer: other } })
  await settle()
  p.peer().become('connected')
  return call
}

/** The session goes on, or a new one begins; the hub may not have got the last frames. */
async function back(resumed: boolean, lost = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(250)
  p.hub.welcome(resumed, p.hub.received() - lost)
  await settle()
}

describe('a lost way', () => {
  it.each(['disconnected', 'failed'] as const)('is looked for again: %s', async (state) => {
    const call = await talks(p)
    p.peer().become(state)
    expect(call.state).toBe('reconnecting')
    expect(p.hub.got('relay')).toHaveLength(1)
    await giveServers(call)
    expect(p.peer().restarts).toBe(1)
    expect(p.peer().configuration.iceServers).toEqual(fresh)
    expect(p.hub.last('description').json.type).toBe('offer')
    p.hub.send({ kind: 'description', call: call.id, from: other, body: { type: 'answer', sdp: 'again' } })
    await settle()
    p.peer().become('connected')
    expect(call.state).toBe('connected')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(p.peer().restarts).toBe(1)
  })

  it('is looked for again where nothing comes in, although the browser believes in it', async () => {
    const call = await talks(p)
    const reads = async (packets: number): Promise<void> => {
      p.peer().stats = [{ id: 'in', type: 'inbound-rtp', kind: 'audio', packetsReceived: packets, timestamp: Date.now() }]
      await vi.advanceTimersByTimeAsync(200)
    }
    for (let i = 1; i < 5; i++) await reads(i * 10)
    for (let i = 0; i < 29; i++) await reads(40)
    expect(call.state).toBe('connected')
    for (let i = 0; i < 2; i++) await reads(40)
    expect(call.state).toBe('reconnecting')
    expect(p.hub.got('relay')).toHaveLength(1)
    await giveServers(call)
    expect(p.peer().restarts).toBe(1)
    await reads(50)
    expect(call.state).toBe('connected')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(p.peer().restarts).toBe(1)
  })

  it('is looked for by the caller first; the callee goes ahead where no offer comes', async () => {
    const call = await takes()
    p.peer().become('disconnected')
    await giveServers(call)
    expect(p.peer().configuration.iceServers).toEqual(fresh)
    await vi.advanceTimersByTimeAsync(1400)
    expect(p.peer().restarts).toBe(0)
    await vi.advanceTimersByTimeAsync(100)
    expect(p.peer().restarts).toBe(1)
  })

  it('is not looked for by the callee as well where the caller’s offer comes, unless that brings nothing', async () => {
    const call = await takes()
    p.peer().become('disconnected')
    await giveServers(call)
    p.hub.send({ kind: 'description', call: call.id, from: other, body: { type: 'offer', sdp: 'theirs' } })
    await vi.advanceTimersByTimeAsync(4900)
    expect(p.peer().restarts).toBe(0)
    expect(p.hub.got('relay')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(200)
    expect(p.hub.got('relay')).toHaveLength(2)
  })

  it('is not looked for by the callee as well where the caller’s offer comes before the servers', async () => {
    const call = await takes()
    p.peer().become('disconnected')
    p.hub.send({ kind: 'description', call: call.id, from: other, body: { type: 'offer', sdp: 'theirs' } })
    await giveServers(call)
    await vi.advanceTimersByTimeAsync(4900)
    expect(p.peer().restarts).toBe(0)
    await vi.advanceTimersByTimeAsync(200)
    expect(p.hub.got('relay')).toHaveLength(2)
    await giveServers(call)
    await vi.advanceTimersByTimeAsync(1500)
    expect(p.peer().restarts).toBe(1) // that offer was of the time before
  })

  it('that comes back by itself is not looked for', async () => {
    const call = await takes()
    p.peer().become('disconnected')
    await giveServers(call)
    p.peer().become('connected')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(p.peer().restarts).toBe(0)
    expect(call.state).toBe('connected')
  })

  it('is not looked for where neither side sends anything', async () => {
    const call = await talks(p, false)
    call.setMuted(true)
    p.hub.send({ kind: 'media', call: call.id, from: other, body: { audio: false, video: false } })
    for (let i = 0; i < 100; i++) {
      p.peer().stats = [{ id: 'in', type: 'inbound-rtp', kind: 'audio', packetsReceived: Math.min(i, 3), timestamp: Date.now() }]
      await vi.advanceTimersByTimeAsync(200)
    }
    expect(call.state).toBe('connected')
    expect(p.hub.got('relay')).toHaveLength(0)
  })

  it('is looked for again and again, and given up after half a minute', async () => {
    const call = await talks(p)
    p.peer().become('failed')
    await giveServers(call)
    await vi.advanceTimersByTimeAsync(8000)
    expect(p.hub.got('relay')).toHaveLength(2)
    await giveServers(call)
    await vi.advanceTimersByTimeAsync(23_000)
    expect(call).toMatchObject({ state: 'ended', endReason: 'lost' })
  })

  it('before the answer is nobody\'s concern', async () => {
    await rings(p)
    p.peer().become('failed')
    expect(p.hub.got('relay')).toEqual([])
  })

  it('shows that the hub is lost too, where it does not answer', async () => {
    const call = await talks(p)
    p.peer().become('disconnected')
    await vi.advanceTimersByTimeAsync(390)
    expect(p.hub.sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(10)
    expect(p.hub.sockets).toHaveLength(2)
    p.hub.welcome(true, p.hub.received() - 1)
    expect(p.hub.got('relay')).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(2000)
    expect(p.hub.sockets).toHaveLength(2) // a slow one is given time
    await giveServers(call)
    expect(p.peer().restarts).toBe(1)
    await vi.advanceTimersByTimeAsync(2000)
    expect(p.hub.sockets).toHaveLength(2)
  })

  it('makes the connection to the hub anew that was begun in the network before', async () => {
    await talks(p)
    p.network('online')
    expect(p.hub.sockets).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(3300) // no answer to its first packet
    expect(p.hub.sockets).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(100)
    expect(p.hub.sockets).toHaveLength(3)
  })

  it('is not looked for twice: what the browser notices later is known', async () => {
    const call = await talks(p)
    p.network('online')
    p.hub.welcome(true)
    p.peer().become('disconnected')
    await giveServers(call)
    p.peer().become('connected')
    p.peer().become('disconnected')
    expect(p.hub.got('relay')).toHaveLength(2) // one that was found and lost again is
  })

  it('ends the call where the hub knows it no more', async () => {
    const call = await talks(p)
    p.peer().become('disconnected')
    p.hub.refuse('relay', 'call_gone')
    expect(call.endReason).toBe('lost')
  })
})

describe('a lost connection to the hub', () => {
  it('does not end a call that runs', async () => {
    const call = await talks(p)
    p.hub.socket.drop()
    await vi.advanceTimersByTimeAsync(150)
    call.setMuted(true)
    expect(call.state).toBe('connected')
    await back(true)
    expect(p.hub.last('media').json).toEqual({ audio: false, video: true })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(call.state).toBe('connected')
  })

  it('of nineteen seconds is survived, of more than twenty-two is not', async () => {
    const call = await talks(p)
    p.hub.socket.drop()
    await vi.advanceTimersByTimeAsync(19_000)
    expect(call.state).toBe('connected')
    p.signal.reconnect()
    p.hub.welcome(true)
    expect(call.state).toBe('connected')
    p.hub.socket.drop()
    await vi.advanceTimersByTimeAsync(22_000)
    expect(call).toMatchObject({ state: 'ended', endReason: 'lost' })
  })

  it('repeats the ring that may not have arrived', async () => {
    const call = p.calls.start(berta, { video: false })
    await settle()
    p.hub.socket.drop()
    await back(true, 1)
    expect(p.hub.got('ring').map((f) => f.call)).toEqual([call.id, call.id])
  })

  it('repeats no ring that did arrive', async () => {
    await rings(p)
    p.hub.socket.drop()
    await back(true)
    expect(p.hub.got('ring')).toHaveLength(1)
  })

  it('lets a call begin that waits for it', async () => {
    p.hub.socket.drop()
    p.calls.start(berta, { video: false })
    await settle()
    await back(true)
    expect(p.hub.got('ring')).toHaveLength(1)
  })

  it('repeats the answer that may not have arrived', async () => {
    await comesIn(p)
    await p.calls.current?.answer({ video: false })
    p.hub.socket.drop()
    await back(true, 1)
    expect(p.hub.got('answer')).toHaveLength(2)
    expect(p.hub.got('answer')[0]?.json).toEqual(p.hub.got('answer')[1]?.json)
  })

  it('goes on ringing', async () => {
    await comesIn(p)
    p.hub.socket.drop()
    await back(true)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(p.hub.got('ringing')).toHaveLength(1)
    expect(p.calls.current?.state).toBe('incoming')
  })

  it('loses no offer and no candidate', async () => {
    const call = await talks(p)
    p.peer().become('disconnected')
    await giveServers(call)
    p.peer().gather('new')
    await settle()
    p.hub.socket.drop()
    p.peer().gather('newer')
    await back(true, 2)
    const found = p.hub.got('candidate').map((f) => f.json.candidates[0]?.candidate)
    expect(found).toEqual(['new', 'new', 'newer'])
    expect(p.hub.got('description')).toHaveLength(2)
  })

  it('tells the hub of a goodbye as soon as it can', async () => {
    const call = await talks(p)
    p.hub.socket.drop()
    call.hangUp()
    expect(p.hub.got('hangup')).toEqual([])
    await back(true)
    expect(p.hub.last('hangup').call).toBe(call.id)
    p.hub.socket.drop()
    await back(false) // the hub may never have seen it
    expect(p.hub.got('hangup')).toHaveLength(2)
    p.hub.ok('hangup')
    p.hub.socket.drop()
    await back(false)
    expect(p.hub.got('hangup')).toHaveLength(2)
  })

  it('repeats no goodbye to a call that is over', async () => {
    const call = await talks(p)
    call.hangUp()
    await ends(p, call.id, 'hangup')
    p.hub.socket.drop()
    await back(false)
    expect(p.hub.got('hangup')).toHaveLength(1)
  })
})

describe('a hub that knows the session no more', () => {
  it('gives a running call back by telling it again', async () => {
    const call = await talks(p)
    call.setMuted(true)
    p.hub.socket.drop()
    await back(false)
    await answered(p, call)
    expect(p.hub.last('media').json).toEqual({ audio: false, video: true })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(call.state).toBe('connected')
  })

  it('has lost a call that it does not tell again, where it cannot be asked', async () => {
    const call = await talks(p)
    p.hub.socket.drop()
    await back(false)
    p.hub.refuse('rejoin', 'unknown_kind')
    await vi.advanceTimersByTimeAsync(3900)
    expect(call.state).toBe('connected')
    await vi.advanceTimersByTimeAsync(100)
    expect(call).toMatchObject({ state: 'ended', endReason: 'lost' })
  })

  it.each([false, true])('is asked for a call that runs, and has lost it where the other side does not come: incoming %s', async (incoming) => {
    const call = incoming ? await takes() : await talks(p)
    p.hub.socket.drop()
    await back(false)
    const { call: id, json } = p.hub.last('rejoin')
    expect(id).toBe(call.id)
    expect(json).toEqual(incoming ? { media: 'video', peer: other } : { media: 'video', peer: other, caller: true })
    p.hub.ok('rejoin')
    await vi.advanceTimersByTimeAsync(21_900)
    expect(call.state).toBe('connected')
    await vi.advanceTimersByTimeAsync(100)
    expect(call).toMatchObject({ state: 'ended', endReason: 'lost' })
  })

  it.each([
    ['call_gone', 'lost'],
    ['unreachable', 'reach'],
  ] as const)('may say that it is over: %s', async (code, reason) => {
    const call = await talks(p)
    p.hub.socket.drop()
    await back(false)
    p.hub.refuse('rejoin', code)
    expect(call).toMatchObject({ state: 'ended', endReason: reason })
  })

  it('that does not give it back at once may still', async () => {
    const call = await talks(p)
    p.hub.socket.drop()
    await back(false)
    p.hub.refuse('rejoin', 'out_of_turn')
    await vi.advanceTimersByTimeAsync(10_000)
    await answered(p, call)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(call.state).toBe('connected')
  })

  it('is not asked for what only rang', async () => {
    await rings(p)
    p.hub.socket.drop()
    await back(false)
    expect(p.hub.got('rejoin')).toEqual([])
  })

  it('is asked for servers anew where the way was lost meanwhile', async () => {
    const call = await talks(p)
    p.peer().become('failed')
    p.hub.socket.drop()
    await back(false)
    expect(p.hub.got('relay')).toHaveLength(1)
    await answered(p, call)
    expect(p.hub.got('relay')).toHaveLength(2)
    await giveServers(call)
    expect(p.peer().restarts).toBe(1)
  })

  it('gives ringing calls back', async () => {
    await comesIn(p)
    const call = p.calls.current
    p.hub.socket.drop()
    await back(false)
    await comesIn(p)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(p.calls.current).toBe(call)
    expect(call?.state).toBe('incoming')
    expect(p.hub.got('ringing')).toHaveLength(2)
  })

  it('gives a ring of ours back', async () => {
    const call = await rings(p)
    p.hub.socket.drop()
    await back(false)
    p.hub.send({ kind: 'calling', call: call.id, body: { servers: fresh, ring_seconds: 30 } })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(call.state).toBe('outgoing')
    expect(p.peer().configuration.iceServers).toEqual(servers) // it gathers already
  })

  it('has lost what rang and is not told again', async () => {
    const out = await rings(p)
    p.hub.socket.drop()
    await back(false)
    await vi.advanceTimersByTimeAsync(4000)
    expect(out.endReason).toBe('lost')
  })

  it('gets the answer that it never had', async () => {
    await comesIn(p)
    await p.calls.current?.answer({ video: false })
    p.hub.socket.drop()
    await back(false)
    expect(p.hub.got('answer')).toHaveLength(2)
  })

  it.each(['answered', 'calling'] as const)('is told that a page is gone: %s', async (kind) => {
    if (kind === 'answered') p.hub.send({ kind, call: incomingCall, body: { media: 'audio', peer: other } })
    else p.hub.send({ kind, call: incomingCall, body: { servers: [], ring_seconds: 3 } })
    await settle()
    expect(p.hub.last('hangup').call).toBe(incomingCall)
    expect(p.calls.current).toBeUndefined()
  })

  it('gets the ring that it never had', async () => {
    p.hub.socket.drop()
    const call = p.calls.start(berta, { video: false })
    await settle()
    await back(false)
    expect(p.hub.last('ring').call).toBe(call.id)
  })
})

it('a session that is over ends the call', async () => {
  const call = await talks(p)
  p.hub.socket.drop(4501)
  expect(call).toMatchObject({ state: 'ended', endReason: 'lost', endedByUs: false })
  await comesIn(p, { id: incomingCall })
  expect(p.calls.current).toBeUndefined()
})

it('an answer that comes twice changes nothing', async () => {
  const call = await talks(p)
  const { log } = p.peer()
  const before = [...log]
  await answered(p, call)
  expect(log).toEqual(before)
  expect(call.state).toBe('connected')
})
