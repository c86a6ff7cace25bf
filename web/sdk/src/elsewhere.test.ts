import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { comesIn, ends, fresh, type Phone, phone, talks } from '../test/calling.ts'
import { berta, chi, settle } from '../test/fakes.ts'

const id = 'call2aaaaaaaaaaaaaaaaaaaae'
const theirs = { account: berta, device: 'deviceaaaaaaaaaaaaaaaaaaae' }
const another = { account: berta, device: 'devicebaaaaaaaaaaaaaaaaaae' }

let p: Phone

beforeEach(() => {
  vi.useFakeTimers()
  p = phone()
})

afterEach(() => {
  p.signal.close()
  vi.useRealTimers()
})

/** The hub tells of a call on another device that has run for a minute. */
function tell(body: object = { device: 'devicecaaaaaaaaaaaaaaaaaae', peer: theirs, media: 'video', caller: true, seconds: 60 }): void {
  p.hub.send({ kind: 'elsewhere', call: id, body: body })
}

describe('a call on another device', () => {
  it('is there until it is over', () => {
    tell()
    expect(p.calls.elsewhere).toMatchObject([{ id, peer: berta, video: true, caller: true }])
    tell({ over: true })
    expect(p.calls.elsewhere).toEqual([])
  })

  it('is told anew in a new session', async () => {
    tell()
    p.hub.socket.drop()
    await vi.advanceTimersByTimeAsync(2000)
    p.hub.welcome()
    expect(p.calls.elsewhere).toEqual([])
  })

  it.each([true, false])('goes on here, with the role that it has: caller %s', async (caller) => {
    tell({ device: 'devicecaaaaaaaaaaaaaaaaaae', peer: theirs, media: 'video', caller, seconds: 60 })
    const call = p.calls.bring(id)
    await settle()
    expect(call).toMatchObject({ id, peer: berta, direction: caller ? 'outgoing' : 'incoming', state: 'connecting' })
    expect(call?.duration()).toBe(60)
    expect(p.hub.last('take')).toMatchObject({ call: id })
    expect(p.hub.got('description')).toEqual([])
    p.hub.send({ kind: 'answered', call: id, body: { media: 'video', peer: theirs } })
    await settle()
    expect(p.calls.elsewhere).toEqual([])
    p.hub.send({ kind: 'servers', call: id, body: { servers: fresh } })
    await settle()
    expect(p.peer().configuration.iceServers?.[0]).toMatchObject({ username: 'fresh' })
    expect(p.hub.got('description').length).toBe(caller ? 1 : 0)
    p.peer().become('connected')
    expect(call?.state).toBe('connected')
  })

  it('is over where the hub says so', async () => {
    tell()
    const call = p.calls.bring(id)
    await settle()
    p.hub.send({ kind: 'error', body: { ref: p.hub.last('take').id, code: 'call_gone', text: '' } as never })
    expect(call).toMatchObject({ state: 'ended', endReason: 'hangup' })
    expect(p.calls.elsewhere).toEqual([])
  })

  it('is given up where the hub that has it says nothing for five seconds', async () => {
    tell()
    const call = p.calls.bring(id)
    await settle()
    await vi.advanceTimersByTimeAsync(4_900)
    expect(call).toMatchObject({ state: 'connecting' })
    await vi.advanceTimersByTimeAsync(200)
    expect(call).toMatchObject({ state: 'ended', endReason: 'failed' })
  })

  it('is not brought while one runs here', async () => {
    await comesIn(p, { from: chi })
    tell()
    expect(p.calls.bring(id)).toBeUndefined()
    expect(p.hub.got('take')).toEqual([])
  })
})

describe('the other side', () => {
  it('goes on on another device: the two connect anew', async () => {
    const call = await talks(p)
    const before = p.peer()
    p.hub.send({ kind: 'answered', call: call.id, body: { media: 'video', peer: another, moved: true } })
    await settle()
    expect(call).toMatchObject({ state: 'reconnecting', other: another })
    p.hub.send({ kind: 'servers', call: call.id, body: { servers: fresh } })
    await settle()
    expect(before.closed).toBe(true)
    expect(p.peer()).not.toBe(before)
    expect(p.hub.last('description').json).toMatchObject({ type: 'offer' })
    p.peer().become('connected')
    expect(call.state).toBe('connected')
  })

  it('is told again of the same device: nothing is made anew', async () => {
    const call = await talks(p)
    const before = p.peer()
    p.hub.send({ kind: 'answered', call: call.id, body: { media: 'video', peer: call.other! } })
    await settle()
    expect(call.state).toBe('connected')
    expect(p.peer()).toBe(before)
  })

  it('was taken from here', async () => {
    const call = await talks(p)
    await ends(p, call.id, 'moved')
    expect(call).toMatchObject({ state: 'ended', endReason: 'moved' })
    expect(p.hub.got('hangup')).toEqual([])
  })
})
