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

describe('a hub that has started anew', () => {
  /** The hub dies, and is back as another run of itself. */
  async function restarts(call: Call, boot: string | undefined = 'bootbbbbbbbbbbbbbbbbbbbbbe'): Promise<void> {
    p.hub.socket.drop()
    p.hub.boot = boot
    await vi.advanceTimersByTimeAsync(250)
    p.hub.welcome()
    await settle()
    p.hub.send({ kind: 'answered', call: call.id, body: { media: 'video', peer: other } })
    await settle()
  }

  /** A call over a relay, which is known. */
  async function relayed(): Promise<Call> {
    const call = await talks(p)
    p.peer().relayed()
    await vi.advanceTimersByTimeAsync(200)
    expect(call.path).toBe('relayed')
    return call
  }

  it('has taken the relay along: a new way is looked for at once', async () => {
    const call = await relayed()
    await restarts(call)
    expect(p.hub.got('relay')).toHaveLength(1)
    await giveServers(call)
    expect(p.peer().restarts).toBe(1)
    expect(call.state).toBe('connected')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(p.hub.got('relay')).toHaveLength(1)
  })

  it('may be asked for servers before it knows the call again: that is no end of it', async () => {
    const call = await talks(p)
    p.hub.socket.drop()
    p.hub.boot = 'bootbbbbbbbbbbbbbbbbbbbbbe'
    await vi.advanceTimersByTimeAsync(250)
    p.hub.welcome()
    p.peer().become('disconnected')
    p.hub.refuse('relay', 'call_gone')
    expect(call.state).toBe('reconnecting')
    p.hub.send({ kind: 'answered', call: call.id, body: { media: 'video', peer: other } })
    await settle()
    expect(p.hub.got('relay')).toHaveLength(2)
    await giveServers(call)
    expect(p.peer().restarts).toBe(1)
    p.hub.send({ kind: 'description', call: call.id, from: other, body: { type: 'answer', sdp: 'again' } })
    await settle()
    p.peer().become('disconnected')
    await vi.advanceTimersByTimeAsync(5_000)
    p.hub.refuse('relay', 'call_gone')
    expect(call.endReason).toBe('lost') // it knew it
  })

  it('is nothing to a call that needs no relay', async () => {
    const call = await talks(p)
    await restarts(call)
    expect(p.hub.got('relay')).toEqual([])
    expect(call.state).toBe('connected')
  })

  it('is told from one that only forgot the session', async () => {
    const call = await relayed()
    await restarts(call, p.hub.boot)
    expect(p.hub.got('relay')).toEqual([])
  })

  it('is looked for each second while a call runs, and no longer', async () => {
    const call = await relayed()
    const tries = async (ms: number): Promise<number> => {
      const before = p.hub.sockets.length
      for (let i = 0; i < ms; i += 50) {
        await vi.advanceTimersByTimeAsync(50)
        if (p.hub.socket.readyState === 0) p.hub.socket.drop()
      }
      return p.hub.sockets.length - before
    }
    p.hub.socket.drop()
    await tries(5_000)
    expect(await tries(10_000)).toBeGreaterThan(9)
    call.hangUp()
    await tries(60_000) // for as long as a hub may take to start again
    expect(await tries(10_000)).toBeLessThan(2)
  })

  it('knows nothing of who was away', async () => {
    const call = await talks(p)
    p.hub.send({ kind: 'away', call: call.id, body: { away: true, seconds: 20 } })
    await restarts(call)
    expect(call.remoteAway).toBe(false)
  })
})

describe('a relay that passes nothing on any more', () => {
  let packets = 0
  /** Some seconds of sound, or of none. */
  async function sound(seconds: number, on = true): Promise<void> {
    for (let i = 0; i < seconds * 10; i++) {
      if (on) packets += 5
      p.peer().relayed(packets)
      p.peer().stats.push({ id: 'now', type: 'peer-connection', timestamp: Date.now() })
      await vi.advanceTimersByTimeAsync(100)
    }
  }

  it('is noticed within little more than half a second, before anybody is told', async () => {
    const call = await talks(p)
    await sound(4)
    await sound(0.3, false)
    expect(p.hub.got('relay')).toHaveLength(0)
    await sound(0.4, false)
    expect(p.hub.got('relay')).toHaveLength(1)
    await giveServers(call)
    expect(p.peer().restarts).toBe(1)
    expect(call.state).toBe('connected')
    await sound(4)
    expect(p.peer().restarts).toBe(1)
  })

  /** Servers come, and an answer to the offer that they bring. */
  async function searches(call: Call): Promise<void> {
    await giveServers(call)
    p.hub.send({ kind: 'description', call: call.id, from: other, body: { type: 'answer', sdp: 'again' } })
    await settle()
  }

  it('and cannot be reached yet is tried again soon, and ever more rarely', async () => {
    const call = await talks(p)
    p.peer().become('failed')
    const asked: number[] = []
    const begin = Date.now()
    for (let i = 0; i < 200; i++) {
      await vi.advanceTimersByTimeAsync(100)
      if (p.hub.got('relay').length === asked.length) continue
      asked.push(Math.round((Date.now() - begin) / 100) / 10)
      await searches(call)
      p.peer().gather(null)
    }
    expect(asked.slice(0, 6)).toEqual([0.1, 0.6, 1.6, 3.6, 7.6, 12.6])
    p.peer().become('connected')
    p.peer().become('failed')
    await searches(call)
    const before = p.hub.got('relay').length
    p.peer().gather(null)
    await vi.advanceTimersByTimeAsync(600)
    expect(p.hub.got('relay')).toHaveLength(before + 1)
    await searches(call)
    p.peer().gather('found')
    p.peer().gather(null)
    await vi.advanceTimersByTimeAsync(4000)
    expect(p.hub.got('relay')).toHaveLength(before + 1)
  })

  it('is let be where media flow all the same', async () => {
    const call = await talks(p)
    p.network('online')
    p.hub.welcome(true)
    await giveServers(call)
    p.peer().gather(null)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(p.hub.got('relay')).toHaveLength(1)
  })

  it('that goes on before the callee has looked elsewhere is left at that', async () => {
    const call = await takes()
    await sound(4)
    await sound(1.5, false)
    expect(p.hub.got('relay')).toHaveLength(1)
    await giveServers(call)
    await sound(4)
    expect(p.peer().restarts).toBe(0)
  })

  it('is none where the other side sends something else from now on', async () => {
    const call = await talks(p)
    await sound(4)
    p.hub.send({ kind: 'media', call: call.id, from: other, body: { audio: false, video: false } })
    await sound(4, false)
    expect(p.hub.got('relay')).toHaveLength(0)
  })
})
