// A call that is connected while it rings. The hub is in the test's hands.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answered, comesIn, incomingCall, other, type Phone, phone, rings, servers } from '../test/calling.ts'
import { berta, settle } from '../test/fakes.ts'
import { type Call } from './call.ts'
import { behindRelay } from './candidates.ts'
import { sealJSON } from './text.ts'

let p: Phone

beforeEach(() => {
  vi.useFakeTimers()
  p = phone()
  p.calls.settings = { relay: 'auto', early: true }
})

afterEach(() => {
  p.signal.close()
  vi.useRealTimers()
})

const relay = 'candidate:7 1 udp 9 192.0.2.1 5000 typ relay raddr 198.51.100.9 rport 9 generation 0 ufrag abcd network-id 3'
const clean = 'candidate:1 1 udp 9 192.0.2.1 5000 typ relay raddr 0.0.0.0 rport 0 ufrag abcd'
const host = 'candidate:1 1 udp 9 10.0.0.7 5000 typ host'

/** The connection that is made while it rings. */
const early = () => p.peers.at(-1) ?? p.peer()
/** The one of any call. */
const ordinary = () => p.peers[0] ?? p.peer()
const says = async (call: Call, body: object): Promise<void> => {
  p.hub.send({ kind: 'warm', call: call.id, body: { candidates: [], ...body } })
  await settle()
}

/** An outgoing call whose other side is ready. */
async function warms(): Promise<Call> {
  const call = await rings(p)
  p.hub.send({ kind: 'early', call: call.id, body: {} })
  await settle()
  return call
}

/** An incoming call whose caller would connect. */
async function comesInEarly(): Promise<Call> {
  p.hub.send({
    kind: 'incoming',
    call: incomingCall,
    from: other,
    body: { media: 'video', sealed: sealJSON({ type: 'offer', sdp: 'their offer' }), servers, ring_seconds: 45, early: true },
  })
  await settle()
  if (p.calls.current === undefined) throw new Error('no call')
  return p.calls.current
}

describe('the caller', () => {
  it('asks for it, and does nothing before the hub says with whom', async () => {
    await rings(p)
    expect(p.hub.last('ring').json.early).toBe(true)
    expect(p.peers).toHaveLength(1)
  })

  it('offers through one relay, with no track, and tells nothing else', async () => {
    await warms()
    expect(p.peers).toHaveLength(2)
    expect(early().configuration).toMatchObject({ iceTransportPolicy: 'relay', iceServers: [{ urls: ['turn:r.example:3478?transport=udp'] }] })
    expect(p.hub.last('warm').json).toMatchObject({ type: 'offer', candidates: [] })
    expect([early().sends('audio'), early().sends('video')]).toEqual([null, null])
  })

  it('gathers for one connection at a time', async () => {
    await warms()
    await vi.advanceTimersByTimeAsync(3999)
    expect(ordinary().localDescription).toBeNull()
    await vi.advanceTimersByTimeAsync(2) // it does not come about
    expect(ordinary().localDescription).not.toBeNull()
  })

  it('gathers the ordinary way where a device rings that is not ready, and then no other', async () => {
    const call = await rings(p)
    p.hub.send({ kind: 'progress', call: call.id, body: {} })
    await settle()
    expect(ordinary().localDescription).toBeNull()
    await vi.advanceTimersByTimeAsync(101)
    expect(ordinary().localDescription).not.toBeNull()
    p.hub.send({ kind: 'early', call: call.id, body: {} })
    await settle()
    expect(p.peers).toHaveLength(1)
  })

  it('gathers on an answer that is not over it', async () => {
    const call = await warms()
    await answered(p, call)
    expect(ordinary().localDescription).not.toBeNull()
    expect(ordinary().remoteDescription?.sdp).toBe('their answer')
  })

  it('gathers at once where nobody wants it', async () => {
    p.calls.settings = { relay: 'auto' }
    await rings(p)
    expect(ordinary().localDescription).not.toBeNull()
  })

  it('sends relays with nothing behind them, and takes no others', async () => {
    const call = await warms()
    await says(call, { type: 'answer', sdp: `their early answer\r\na=${host}` })
    expect(early().remoteDescription?.sdp).toBe('their early answer')
    early().gather(host)
    early().gather(relay)
    early().gather(null)
    await vi.advanceTimersByTimeAsync(1)
    expect(p.hub.last('warm').json).toMatchObject({ candidates: [{ candidate: clean }], end: true })
    await says(call, { candidates: [{ candidate: host, sdpMLineIndex: 0 }, { candidate: relay, sdpMLineIndex: 0 }] })
    expect(early().candidates).toMatchObject([{ candidate: clean }])
  })

  it('puts its tracks in when it is answered over it, drops the other, and looks for a direct way', async () => {
    const call = await warms()
    await says(call, { type: 'answer', sdp: 'their early answer' })
    const kept = early()
    kept.become('connected')
    await settle()
    expect(call.state).toBe('outgoing')
    expect(kept.sends('audio')).toBeNull()
    p.hub.send({ kind: 'answered', call: call.id, body: { media: 'video', peer: other, early: true } })
    await settle()
    expect(call.state).toBe('connected')
    expect(p.peers.map((x) => x.closed)).toEqual([true, false])
    expect([kept.sends('audio'), kept.sends('video')]).toEqual([p.devices.live('audio'), p.devices.live('video')])
    expect(kept.configuration.iceTransportPolicy).toBe('all')
    await vi.advanceTimersByTimeAsync(1000)
    p.hub.send({ kind: 'servers', call: call.id, body: { servers } })
    await settle()
    expect(kept.restarts).toBe(1)
  })

  it('goes on as always where it is answered elsewhere', async () => {
    const call = await warms()
    early().become('connected')
    await answered(p, call)
    expect(p.peers.map((x) => x.closed)).toEqual([false, true])
    expect(p.peers[0]?.remoteDescription?.sdp).toBe('their answer')
  })

  it('hangs up where it is answered over what is not there', async () => {
    const call = await rings(p)
    p.hub.send({ kind: 'answered', call: call.id, body: { media: 'video', peer: other, early: true } })
    await settle()
    expect(call.endReason).toBe('failed')
  })

  it('leaves nothing open when it ends', async () => {
    const call = await warms()
    call.hangUp()
    expect(p.peers.map((x) => x.closed)).toEqual([true, true])
  })

  it('stays on the relay where the address is hidden', async () => {
    p.calls.settings = { relay: 'always', early: true }
    const call = await warms()
    await says(call, { type: 'answer', sdp: 'their early answer' })
    early().become('connected')
    p.hub.send({ kind: 'answered', call: call.id, body: { media: 'video', peer: other, early: true } })
    await vi.advanceTimersByTimeAsync(5000)
    expect(early().configuration.iceTransportPolicy).toBe('relay')
    expect(p.hub.got('relay')).toEqual([])
  })
})

describe('the callee', () => {
  it('is ready, connects without a device, and answers over it', async () => {
    const call = await comesInEarly()
    expect(p.hub.last('ringing').json).toEqual({ early: true })
    expect(p.peers).toHaveLength(1)
    await says(call, { type: 'offer', sdp: 'their early offer' })
    const kept = early()
    expect(kept.configuration.iceTransportPolicy).toBe('relay')
    expect(p.hub.last('warm').json).toMatchObject({ type: 'answer', candidates: [] })
    await says(call, { candidates: [{ candidate: relay, sdpMLineIndex: 0 }], end: true })
    kept.become('connected')
    await settle()
    expect(p.devices.asked).toEqual([])
    expect([kept.sends('audio'), kept.sends('video')]).toEqual([null, null])
    await call.answer({ video: true })
    await settle()
    expect(p.hub.last('answer').json).toEqual({ media: 'video', early: true })
    expect(kept.sends('audio')).toBe(p.devices.live('audio'))
    expect(call.state).toBe('connecting')
    p.hub.send({ kind: 'answered', call: call.id, body: { media: 'video', peer: other, early: true } })
    await settle()
    expect(call.state).toBe('connected')
    expect(p.peers.map((x) => x.closed)).toEqual([true, false])
  })

  it('answers as always where it does not stand', async () => {
    const call = await comesInEarly()
    await says(call, { type: 'offer', sdp: 'their early offer' })
    await call.answer({ video: true })
    await settle()
    expect(p.hub.last('answer').json).toMatchObject({ media: 'video' })
    expect(p.hub.last('answer').json).not.toHaveProperty('early')
    expect(p.peers.map((x) => x.closed)).toEqual([false, true])
  })

  it('makes no second connection, whatever the caller says', async () => {
    const call = await comesInEarly()
    for (let n = 0; n < 3; n++) await says(call, { type: 'offer', sdp: `offer ${n}` })
    expect(p.peers).toHaveLength(2)
  })

  it('does none of it where the caller did not ask, or the person does not want it', async () => {
    await comesIn(p)
    expect(p.hub.last('ringing').json).toEqual({})
    p.hub.send({ kind: 'ended', call: incomingCall, body: { reason: 'cancelled' } })
    await settle()
    p.calls.settings = { relay: 'auto' }
    const call = await comesInEarly()
    expect(p.hub.last('ringing').json).toEqual({})
    await says(call, { type: 'offer', sdp: 'their early offer' })
    expect(p.hub.got('warm')).toEqual([])
    call.decline()
    p.calls.start(berta, { video: false })
    await settle()
    expect(p.hub.last('ring').json).not.toHaveProperty('early')
  })
})

describe('what a candidate may say before the answer', () => {
  it.each([
    host,
    relay.replace('relay', 'srflx'),
    relay.replace('192.0.2.1', 'laptop.local'),
    relay.replace(' 1 udp', ' 2 udp'),
    relay.replace('udp', 'tcp'),
    relay.replace('5000', '5000x'),
    'nothing',
    '',
  ])('not %s', (candidate) => {
    expect(behindRelay({ candidate, sdpMLineIndex: 0 })).toBeUndefined()
  })

  it('an IPv6 relay, too', () => {
    expect(behindRelay({ candidate: relay.replace('192.0.2.1', '2001:db8::1'), sdpMLineIndex: 0 })?.candidate).toContain(' 2001:db8::1 5000 typ relay raddr 0.0.0.0')
  })
})
