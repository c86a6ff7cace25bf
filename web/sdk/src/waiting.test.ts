import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answered, comesIn, ends, incomingCall, type Phone, phone, rings, talks } from '../test/calling.ts'
import { chi, dora, settle } from '../test/fakes.ts'
import { type Call } from './call.ts'

const second = 'call2aaaaaaaaaaaaaaaaaaaae'
const third = 'call3aaaaaaaaaaaaaaaaaaaae'

let p: Phone
let waits: (Call | undefined)[]
let rung: Call[]

beforeEach(() => {
  vi.useFakeTimers()
  p = phone()
  waits = []
  rung = []
  p.calls.on('waiting', (c) => void waits.push(c))
  p.calls.on('incoming', (c) => void rung.push(c))
})

afterEach(() => {
  p.signal.close()
  vi.useRealTimers()
})

/** Brings a call as far as state, and lets Chi call meanwhile. */
async function beside(state: 'outgoing' | 'incoming' | 'connected'): Promise<{ current: Call; waiting: Call }> {
  if (state === 'outgoing') await rings(p)
  if (state === 'incoming') await comesIn(p)
  if (state === 'connected') await talks(p)
  rung = []
  const { current } = p.calls
  await comesIn(p, { id: second, from: chi })
  const { waiting } = p.calls
  if (current === undefined || waiting === undefined) throw new Error('there are no two calls')
  return { current, waiting }
}

describe('somebody calls while there is a call', () => {
  it.each(['outgoing', 'incoming', 'connected'] as const)('waits, and rings over there, while the other is %s', async (state) => {
    const { current, waiting } = await beside(state)
    expect(p.calls.current).toBe(current)
    expect(current.state).toBe(state)
    expect(waiting).toMatchObject({ id: second, peer: chi, state: 'incoming' })
    expect(waits).toEqual([waiting])
    expect(rung).toEqual([]) // it does not ring here as one that is alone would
    expect(p.hub.last('ringing')).toMatchObject({ call: second })
    expect(p.hub.got('decline')).toEqual([])
  })

  it('a third hears that this device is busy', async () => {
    const { waiting } = await beside('connected')
    await comesIn(p, { id: third, from: dora })
    expect(p.hub.last('decline')).toMatchObject({ call: third, json: { busy: true } })
    expect(p.calls.waiting).toBe(waiting)
  })

  it('waits once, however often the hub tells it', async () => {
    await beside('connected')
    await comesIn(p, { id: second, from: chi })
    expect(waits).toHaveLength(1)
    expect(p.hub.got('decline')).toEqual([])
  })

  it('makes no connection while it rings, even where calls do', async () => {
    p.calls.settings = { ...p.calls.settings, early: true }
    await comesIn(p, { early: true })
    expect(p.hub.last('ringing').json).toMatchObject({ early: true })
    await comesIn(p, { id: second, from: chi, early: true })
    expect(p.hub.last('ringing')).toMatchObject({ call: second })
    expect(p.hub.last('ringing').json).not.toHaveProperty('early')
  })

  it('takes the place of the other, which is hung up', async () => {
    const { current, waiting } = await beside('connected')
    const done = p.calls.switchTo({ video: true })
    expect(current).toMatchObject({ state: 'ended', endReason: 'hangup', endedByUs: true })
    expect(p.hub.last('hangup')).toMatchObject({ call: current.id })
    expect(p.calls.current).toBe(waiting)
    expect(p.calls.waiting).toBeUndefined()
    await done
    await settle()
    expect(p.hub.last('answer')).toMatchObject({ call: second, json: { media: 'video' } })
    expect(waiting.state).toBe('connecting')
    expect(rung).toEqual([]) // nobody has to be asked once more
    await answered(p, waiting)
    p.peer().become('connected')
    expect(waiting.state).toBe('connected')
  })

  it('takes the camera only once the other has given it back', async () => {
    await beside('connected')
    const before = p.devices.live('video')!
    let live = 0
    const { getUserMedia } = p.env.media!
    vi.spyOn(p.env.media!, 'getUserMedia').mockImplementation((wanted) => {
      live += before.readyState === 'live' ? 1 : 0
      return getUserMedia.call(p.env.media, wanted)
    })
    await p.calls.switchTo({ video: true })
    expect(before.readyState).toBe('ended')
    expect(live).toBe(0)
  })

  it('leaves a call that only rings here to one’s other devices', async () => {
    await beside('incoming')
    await p.calls.switchTo({ video: false })
    expect(p.hub.last('decline')).toMatchObject({ call: incomingCall, json: { busy: true } })
    expect(p.hub.last('answer')).toMatchObject({ call: second, json: { media: 'audio' } })
  })

  it('takes a ring of one’s own back', async () => {
    const { current } = await beside('outgoing')
    await p.calls.switchTo({ video: true })
    expect(current).toMatchObject({ endReason: 'cancelled' })
    expect(p.calls.current?.id).toBe(second)
  })

  it('rings once the other has ended', async () => {
    const { current, waiting } = await beside('connected')
    await ends(p, current.id, 'hangup')
    expect(p.calls.current).toBe(waiting)
    expect(p.calls.waiting).toBeUndefined()
    expect(rung).toEqual([waiting])
    expect(waits).toEqual([waiting, undefined])
  })

  it('is declined without a word to the other', async () => {
    const { current, waiting } = await beside('connected')
    waiting.decline()
    expect(p.hub.last('decline')).toMatchObject({ call: second, json: {} })
    expect(p.calls.waiting).toBeUndefined()
    expect(p.calls.current).toBe(current)
    await comesIn(p, { id: third, from: dora })
    expect(p.calls.waiting?.id).toBe(third)
  })

  it.each(['cancelled', 'no_answer', 'answered_elsewhere'] as const)('gives up: %s', async (reason) => {
    const { current } = await beside('connected')
    await ends(p, second, reason)
    expect(p.calls.waiting).toBeUndefined()
    expect(waits.at(-1)).toBeUndefined()
    expect(current.state).toBe('connected')
    await p.calls.switchTo({ video: true })
    expect(p.calls.current).toBe(current)
  })

  it('stops waiting after its time, should the hub be away', async () => {
    const { waiting } = await beside('connected')
    await vi.advanceTimersByTimeAsync(51_000)
    expect(waiting).toMatchObject({ state: 'ended', endReason: 'no_answer' })
    expect(p.calls.waiting).toBeUndefined()
  })

  it('hears that this device is gone with its page', async () => {
    const { current, waiting } = await beside('connected')
    p.calls.quit()
    expect(p.hub.last('decline')).toMatchObject({ call: second, json: { busy: true } })
    expect(p.hub.last('hangup')).toMatchObject({ call: current.id })
    expect([current.state, waiting.state]).toEqual(['ended', 'ended'])
    expect(p.calls.current).toBeUndefined()
    expect(rung).toEqual([])
  })

  it('is called back where both wanted each other and somebody else waits', async () => {
    const { current } = await beside('outgoing')
    await ends(p, current.id, 'glare')
    expect(p.calls.current?.id).toBe(second)
  })
})

describe('a call that is being answered', () => {
  it('says so from the press on, and no longer once it is', async () => {
    await comesIn(p)
    const call = p.calls.current!
    expect(call.answering).toBe(false)
    const told: boolean[] = []
    call.on('change', () => void told.push(call.answering))
    const done = call.answer({ video: true })
    expect(call.answering).toBe(true)
    await done
    expect(call.answering).toBe(false)
    expect(told[0]).toBe(true)
  })
})
