import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answered, comesIn, ends, incomingCall, type Phone, phone, rings } from '../test/calling.ts'
import { anna, berta, chi, device, settle, world } from '../test/fakes.ts'
import { type Call } from './call.ts'
import { createClient } from './client.ts'

let p: Phone
let changes: (Call | undefined)[]
let rung: Call[]

beforeEach(() => {
  vi.useFakeTimers()
  p = phone()
  changes = []
  rung = []
  p.calls.on('change', (c) => void changes.push(c))
  p.calls.on('incoming', (c) => void rung.push(c))
})

afterEach(() => {
  p.signal.close()
  vi.useRealTimers()
})

describe('one call at a time', () => {
  it('is the current one from start to end', async () => {
    const call = p.calls.start(berta, { video: false })
    expect(p.calls.current).toBe(call)
    await settle()
    call.hangUp()
    expect(p.calls.current).toBeUndefined()
    expect(changes).toEqual([call, undefined])
  })

  it('is told when it comes in', async () => {
    await comesIn(p)
    expect(rung).toEqual([p.calls.current])
    expect(changes).toEqual(rung)
  })

  it('is not started beside another', async () => {
    await rings(p)
    expect(() => p.calls.start(chi, { video: false })).toThrow()
  })

  it('rings once, however often the hub tells it', async () => {
    await comesIn(p)
    await comesIn(p)
    expect(rung).toHaveLength(1)
    expect(p.hub.got('decline')).toEqual([])
  })

  it('does not ring again while the hub has not heard that it was declined', async () => {
    await comesIn(p)
    p.calls.current?.decline()
    await comesIn(p)
    expect(p.calls.current).toBeUndefined()
    p.hub.ok('decline')
    await comesIn(p)
    expect(rung).toHaveLength(2)
  })

  it('hears nothing of other calls', async () => {
    const call = await rings(p)
    await ends(p, incomingCall, 'hangup')
    p.hub.send({ kind: 'progress', call: incomingCall, body: {} })
    p.hub.send({ kind: 'presence', body: { account: berta, online: true } })
    p.hub.send({ kind: 'error', body: { code: 'unreachable', text: '', ref: anna } })
    expect(call).toMatchObject({ state: 'outgoing', ringing: false })
  })

  it('has a caller: a ring without one is not taken', async () => {
    p.hub.send({ kind: 'incoming', call: incomingCall, body: { media: 'audio', servers: [], ring_seconds: 45 } })
    await settle()
    expect(p.calls.current).toBeUndefined()
  })
})

describe('two who call each other', () => {
  it('talk in the call that the hub lets go on: theirs came first', async () => {
    const own = await rings(p)
    const track = p.devices.live('video')
    await comesIn(p)
    expect(p.calls.current).toBe(own) // the hub decides
    expect(p.hub.got('decline')).toEqual([])
    await ends(p, own.id, 'glare')
    expect(own).toMatchObject({ state: 'ended', endReason: 'glare', endedByUs: false })
    expect(p.calls.current).toMatchObject({ id: incomingCall, state: 'connecting' })
    expect(p.hub.last('answer')).toMatchObject({ call: incomingCall, json: { media: 'video' } })
    expect(rung).toEqual([]) // nobody is asked
    expect(track).not.toBe(p.devices.live('video'))
    expect(p.devices.tracks.filter((t) => t.readyState === 'live')).toHaveLength(2)
  })

  it('talk where ours ends before theirs comes in', async () => {
    const own = await rings(p, false)
    await ends(p, own.id, 'glare')
    await comesIn(p)
    expect(p.calls.current).toMatchObject({ id: incomingCall, state: 'connecting' })
    expect(p.hub.last('answer').json.media).toBe('audio')
    expect(rung).toEqual([])
  })

  it('talk in ours where the hub lets that go on', async () => {
    const own = await rings(p)
    await comesIn(p)
    await ends(p, incomingCall, 'glare')
    await answered(p, own)
    expect(p.calls.current).toBe(own)
    expect(p.hub.got('decline')).toEqual([])
  })

  it('talk in ours where the hub forgot theirs', async () => {
    const own = await rings(p)
    await comesIn(p)
    await answered(p, own)
    expect(p.hub.last('decline')).toMatchObject({ call: incomingCall, json: { busy: true } })
  })

  it('talk in theirs where ours had not rung yet', async () => {
    p.allow.microphone = false
    let open = (): void => undefined
    p.devices.wait = new Promise((resolve) => (open = resolve))
    const own = p.calls.start(berta, { video: false })
    await settle()
    expect(own.state).toBe('preparing')
    await comesIn(p)
    open()
    await settle()
    expect(own.endReason).toBe('glare')
    expect(p.hub.got('ring')).toEqual([])
    expect(p.hub.got('answer')).toHaveLength(1)
    expect(p.devices.tracks.filter((t) => t.readyState === 'live')).toHaveLength(1)
  })

  it('are asked where ours ended for another reason', async () => {
    const own = await rings(p)
    await comesIn(p)
    await ends(p, own.id, 'declined')
    expect(rung.map((c) => c.id)).toEqual([incomingCall])
    expect(p.calls.current?.state).toBe('incoming')
  })

  it('are asked where theirs comes late, or somebody else calls', async () => {
    const own = await rings(p)
    await ends(p, own.id, 'glare')
    await comesIn(p, { from: chi })
    expect(rung).toHaveLength(1)
    rung[0]?.decline()
    const again = await rings(p)
    await ends(p, again.id, 'glare')
    await vi.advanceTimersByTimeAsync(5000)
    await comesIn(p, { id: 'call2aaaaaaaaaaaaaaaaaaaae' })
    expect(rung).toHaveLength(2)
  })
})

describe('a client', () => {
  const answer = (status: number): Response => new Response(JSON.stringify({ code: 'unauthorized', detail: '' }), { status })

  it('opens nothing by itself, and closes everything', async () => {
    const w = world()
    const client = createClient({ env: w.env })
    expect(w.hub.sockets).toHaveLength(0)
    client.connect()
    w.hub.welcome()
    const call = client.calls.start(berta, { video: false })
    await settle()
    client.disconnect()
    expect(call.endedByUs).toBe(true)
    expect(w.hub.got('hangup')).toHaveLength(1)
    expect(client.signal.state).toBe('closed')
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([
    [401, 'closed'],
    [503, 'waiting'],
  ])('asks why it was refused: %i', async (status, state) => {
    const w = world({ fetch: () => Promise.resolve(answer(status)) })
    const client = createClient({ env: { ...w.env, fetch: () => Promise.resolve(status === 401 ? answer(401) : new Response('', { status })) } })
    client.connect()
    w.hub.socket.drop()
    await settle()
    expect(client.signal.state).toBe(state)
    expect(client.signal.stopReason).toBe(status === 401 ? 'signed_out' : undefined)
    client.signal.close()
  })

  it('does not take a server out of reach for a refusal', async () => {
    const w = world({ fetch: () => Promise.reject(new TypeError('offline')) })
    const client = createClient({ env: w.env })
    client.connect()
    w.hub.socket.drop()
    await settle()
    expect(client.signal.state).toBe('waiting')
    client.signal.close()
  })

  it('says goodbye when the page goes away', async () => {
    const w = world()
    const client = createClient({ env: w.env })
    client.connect()
    w.hub.welcome()
    w.leavePage()
    const call = client.calls.start(berta, { video: false })
    await settle()
    w.leavePage()
    expect(w.hub.last('hangup').call).toBe(call.id)
    client.signal.close()
  })

  it('lets a call ring on other devices when the page goes away', async () => {
    const w = world()
    const client = createClient({ env: w.env })
    client.connect()
    w.hub.welcome()
    await comesIn({ ...w, signal: client.signal, calls: client.calls })
    w.leavePage()
    expect(w.hub.last('decline').json).toEqual({ busy: true })
    expect(client.calls.current).toBeUndefined()
    client.signal.close()
  })

  it('lists devices', async () => {
    const w = world()
    w.devices.list = [{ kind: 'audioinput', deviceId: device, label: 'Mic' }]
    expect(await createClient({ env: w.env }).devices()).toEqual({ microphones: [{ id: device, label: 'Mic' }], cameras: [], speakers: [] })
  })
})
