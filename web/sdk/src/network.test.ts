import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { comesIn, fresh, other, type Phone, phone, talks } from '../test/calling.ts'
import { settle } from '../test/fakes.ts'
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

describe('another network', () => {
  it('is used at once when the browser is online again', async () => {
    const call = await talks(p)
    p.network('online')
    expect(p.hub.sockets).toHaveLength(2)
    expect(p.hub.got('relay')).toEqual([])
    p.hub.welcome(true)
    expect(p.hub.got('relay')).toHaveLength(1)
    await giveServers(call)
    expect(p.peer().restarts).toBe(1)
    await vi.advanceTimersByTimeAsync(8000)
    expect(p.peer().restarts).toBe(1) // the way was not lost
    expect(call.state).toBe('connected')
  })

  it('is used by the callee as well at once: the caller can’t know of it', async () => {
    const call = await takes()
    p.network('online')
    p.hub.welcome(true)
    await giveServers(call)
    expect(p.peer().restarts).toBe(1)
  })

  it('is left to the one who moved where the other hears nothing meanwhile', async () => {
    const call = await talks(p)
    p.peer().become('disconnected')
    p.hub.send({ kind: 'description', call: call.id, from: other, body: { type: 'offer', sdp: 'theirs' } })
    await giveServers(call)
    expect(p.peer().restarts).toBe(0)
    await vi.advanceTimersByTimeAsync(4900)
    expect(p.peer().restarts).toBe(0)
    await vi.advanceTimersByTimeAsync(200)
    expect(p.hub.got('relay')).toHaveLength(2) // it led nowhere
  })

  it('is used where nothing comes in any more after a change', async () => {
    const call = await talks(p)
    p.peer().relayed(10)
    p.network('change')
    p.network('change')
    await vi.advanceTimersByTimeAsync(300)
    expect(p.hub.sockets).toHaveLength(2)
    p.hub.welcome(true)
    await giveServers(call)
    expect(p.peer().restarts).toBe(1)
  })

  it('that the media found by themselves is asked whether it leads to the hub', async () => {
    const call = await talks(p)
    const over = async (way: string, packets: number): Promise<void> => {
      p.peer().stats = [
        { id: 't', type: 'transport', selectedCandidatePairId: way },
        { id: way, type: 'candidate-pair' },
        { id: 'in', type: 'inbound-rtp', packetsReceived: packets, timestamp: Date.now() },
      ]
      await vi.advanceTimersByTimeAsync(200)
    }
    await over('wifi', 10)
    expect(p.hub.got('relay')).toHaveLength(0)
    await over('mobile', 20)
    expect(p.hub.got('relay')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(400)
    expect(p.hub.sockets).toHaveLength(2)
    p.hub.welcome(true)
    await giveServers(call)
    expect(p.peer().restarts).toBe(0)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(p.hub.sockets).toHaveLength(2)
  })

  it('is no reason to do anything while media flow', async () => {
    await talks(p)
    p.peer().relayed(10)
    p.network('change')
    await settle()
    p.peer().relayed(20)
    await vi.advanceTimersByTimeAsync(500)
    expect(p.hub.sockets).toHaveLength(1)
    expect(p.peer().restarts).toBe(0)
  })
})
