import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answered, comesIn, ends, incomingCall, other, type Phone, phone, rings, servers, talks, unsealed } from '../test/calling.ts'
import { berta, FakeTrack, settle, world } from '../test/fakes.ts'
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

const incoming = (): Call => {
  const { current } = p.calls
  if (current === undefined) throw new Error('no call')
  return current
}

describe('calling', () => {
  it('rings with an offer that holds no candidate', async () => {
    const call = p.calls.start(berta, { video: true })
    expect(call.state).toBe('preparing')
    await settle()
    expect(call.state).toBe('outgoing')
    const ring = p.hub.last('ring')
    expect(ring).toMatchObject({ call: call.id, to: { account: berta }, json: { media: 'video' } })
    expect(unsealed(ring.json.sealed)).toMatchObject({ type: 'offer' })
    expect(p.peer().log).toEqual([]) // nothing gathers before the servers are known
  })

  it('gathers with the servers of the hub, and keeps what it finds', async () => {
    const call = await rings(p)
    expect(p.peer().log).toEqual(['local offer'])
    expect(p.peer().configuration.iceServers).toEqual(servers)
    p.peer().gather('host 1')
    await settle()
    expect(p.hub.got('candidate')).toEqual([])
    await answered(p, call)
    expect(p.hub.last('candidate').json.candidates).toHaveLength(1)
  })

  it('follows the call from ring to end', async () => {
    const states: string[] = []
    const call = p.calls.start(berta, { video: true })
    call.on('change', () => {
      if (states.at(-1) !== call.state) states.push(call.state)
    })
    const ended = vi.fn()
    call.on('ended', ended)
    await settle()
    p.hub.send({ kind: 'calling', call: call.id, body: { servers, ring_seconds: 45 } })
    p.hub.send({ kind: 'progress', call: call.id, body: {} })
    expect(call.ringing).toBe(true)
    await answered(p, call, 'audio')
    expect(call.other).toEqual(other)
    expect(call.remote).toEqual({ audio: true, video: false })
    expect(p.peer().remoteDescription).toEqual({ type: 'answer', sdp: 'their answer' })
    expect(p.hub.last('media').json).toEqual({ audio: true, video: true })
    p.peer().relayed()
    p.peer().become('connected')
    await settle()
    expect(call.path).toBe('relayed')
    expect(call.quality).toBe('good')
    await vi.advanceTimersByTimeAsync(61_500)
    expect(call.duration()).toBe(61)
    call.hangUp()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(call.duration()).toBe(61)
    expect(states).toEqual(['outgoing', 'connecting', 'connected', 'ended'])
    expect(ended).toHaveBeenCalledExactlyOnceWith('hangup')
    expect(call.endedByUs).toBe(true)
    expect(p.hub.last('hangup').call).toBe(call.id)
    expect(p.calls.current).toBeUndefined()
  })

  it('sends no picture in a voice call, and can from the start', async () => {
    await talks(p, false)
    expect(p.devices.asked).toMatchObject([{ video: false }])
    expect(p.peer().transceivers.map((t) => t.receiver.track.kind)).toEqual(['audio', 'video'])
    expect(p.peer().sends('audio')).toBe(p.devices.live('audio'))
    expect(p.peer().sends('video')).toBeNull()
    expect(p.hub.last('ring').json.media).toBe('audio')
  })

  it.each(['declined', 'busy', 'no_answer', 'offline', 'cancelled', 'lost', 'reach', 'stopped'] as const)('ends as %s when the hub says so', async (reason) => {
    const call = await rings(p)
    await ends(p, call.id, reason)
    expect(call).toMatchObject({ state: 'ended', endReason: reason, endedByUs: false })
    expect(p.peer().closed).toBe(true)
    expect(p.devices.live('audio')).toBeUndefined()
    expect(p.hub.got('hangup')).toEqual([])
  })

  it.each([
    ['unreachable', 'unreachable'],
    ['rate_limited', 'rate_limited'],
    ['internal', 'error'],
  ] as const)('ends where the hub refuses the ring: %s', async (code, reason) => {
    const call = p.calls.start(berta, { video: false })
    await settle()
    p.hub.refuse('ring', code)
    expect(call).toMatchObject({ state: 'ended', endReason: reason, endedByUs: false })
  })

  it('takes the ring back', async () => {
    const call = await rings(p)
    call.hangUp()
    expect(call).toMatchObject({ endReason: 'cancelled', endedByUs: true })
    expect(p.hub.last('hangup').call).toBe(call.id)
    await answered(p, call) // too late
    expect(call.state).toBe('ended')
  })

  it('stops by itself where the hub says nothing', async () => {
    const call = p.calls.start(berta, { video: false })
    await settle()
    await vi.advanceTimersByTimeAsync(15_000)
    expect(call.endReason).toBe('failed')
    const second = await rings(p)
    await vi.advanceTimersByTimeAsync(50_000)
    expect(second.endReason).toBe('no_answer')
  })

  it('fails where no way for media is found', async () => {
    const call = await rings(p)
    await answered(p, call)
    expect(call.state).toBe('connecting')
    await vi.advanceTimersByTimeAsync(30_000)
    expect(call).toMatchObject({ endReason: 'failed', endedByUs: true })
    expect(p.hub.last('hangup').call).toBe(call.id)
  })

  it.each([[10_000, 'hangup'], [29_000, 'failed']] as const)('tells a hang-up after %i ms without a way from one that gives up: %s', async (after, reason) => {
    const call = await rings(p)
    await answered(p, call)
    await vi.advanceTimersByTimeAsync(after)
    p.hub.send({ kind: 'ended', call: call.id, body: { reason: 'hangup' } })
    expect(call).toMatchObject({ state: 'ended', endReason: reason, endedByUs: false })
  })

  it('fails where the browser makes no offer, or does not take the answer', async () => {
    const call = p.calls.start(berta, { video: false })
    p.peer().fail.createOffer = new Error('no')
    await settle()
    expect(call.endReason).toBe('failed')
    const second = await rings(p)
    p.peer().fail.setRemoteDescription = new Error('no')
    await answered(p, second)
    expect(second.endReason).toBe('failed')
  })

  it('waits for a description where the answer came without one', async () => {
    const call = await rings(p)
    p.hub.send({ kind: 'answered', call: call.id, body: { media: 'audio', peer: other } })
    await settle()
    p.hub.send({ kind: 'description', call: call.id, from: other, body: { type: 'answer', sdp: 'later' } })
    await settle()
    expect(p.peer().remoteDescription?.sdp).toBe('later')
  })

  it('takes the settings of the moment', async () => {
    p.calls.settings = { relay: 'always', turn: 'tcp', microphone: 'mic' }
    await rings(p, false)
    expect(p.peer().configuration).toMatchObject({ iceTransportPolicy: 'relay', iceServers: [{ urls: ['turn:r.example:3478?transport=tcp'] }] })
    expect(p.devices.asked).toMatchObject([{ audio: { deviceId: { ideal: 'mic' } } }])
  })
})

describe('being called', () => {
  it('tells the hub that it rings, and has the answer ready, but looks for no way yet', async () => {
    await comesIn(p)
    const call = incoming()
    expect(call).toMatchObject({ id: incomingCall, peer: berta, direction: 'incoming', state: 'incoming', video: true })
    expect(p.hub.last('ringing').call).toBe(incomingCall)
    expect(p.peer().log).toEqual(['remote offer'])
    expect(p.devices.asked).toEqual([]) // no device opens before the person answers
    await call.answer({ video: true })
    await settle()
    expect(p.peer().log).toEqual(['remote offer', 'local answer'])
    p.peer().gather('host 1')
    await settle()
    expect(p.hub.got('candidate')).toEqual([])
  })

  it('answers, and lets candidates out once the hub says that it counts', async () => {
    await comesIn(p)
    const call = incoming()
    p.peer().gather('host 1')
    await call.answer({ video: true })
    expect(call.state).toBe('connecting')
    expect(p.hub.last('answer').json.media).toBe('video')
    expect(unsealed(p.hub.last('answer').json.sealed)).toMatchObject({ type: 'answer' })
    expect(p.hub.got('candidate')).toEqual([])
    await answered(p, call)
    expect(p.hub.got('candidate')).toHaveLength(1)
    p.peer().become('connected')
    expect(call.state).toBe('connected')
    expect(p.peer().sends('audio')).toBe(p.devices.live('audio'))
    expect(p.peer().sends('video')).toBe(p.devices.live('video'))
  })

  it('answers a video call without the camera', async () => {
    await comesIn(p)
    await incoming().answer({ video: false })
    expect(p.hub.last('answer').json.media).toBe('audio')
    expect(p.devices.asked).toMatchObject([{ video: false }])
  })

  it('answers once', async () => {
    await comesIn(p)
    await Promise.all([incoming().answer({ video: false }), incoming().answer({ video: true })])
    expect(p.hub.got('answer')).toHaveLength(1)
  })

  it('declines', async () => {
    await comesIn(p)
    const call = incoming()
    call.decline()
    expect(call).toMatchObject({ endReason: 'declined', endedByUs: true })
    expect(p.hub.last('decline')).toMatchObject({ call: incomingCall, json: {} })
    expect(p.hub.got('hangup')).toEqual([])
  })

  it('declines where it is hung up before the answer', async () => {
    await comesIn(p)
    incoming().hangUp()
    expect(p.hub.got('decline')).toHaveLength(1)
  })

  it.each(['cancelled', 'answered_elsewhere', 'no_answer'] as const)('stops ringing: %s', async (reason) => {
    await comesIn(p)
    const call = incoming()
    await ends(p, incomingCall, reason)
    expect(call).toMatchObject({ endReason: reason, endedByUs: false })
  })

  it('stops ringing when another page of this device took it', async () => {
    await comesIn(p)
    const call = incoming()
    await answered(p, call)
    expect(call.endReason).toBe('answered_elsewhere')
    expect(p.hub.got('hangup')).toEqual([])
  })

  it('stops ringing by itself in the end', async () => {
    await comesIn(p)
    const call = incoming()
    await vi.advanceTimersByTimeAsync(50_000)
    expect(call.endReason).toBe('no_answer')
  })

  it.each([
    ['call_gone', 'cancelled'],
    ['internal', 'error'],
  ] as const)('ends where the answer is refused: %s', async (code, reason) => {
    await comesIn(p)
    const call = incoming()
    await call.answer({ video: false })
    p.hub.refuse('answer', code)
    expect(call.endReason).toBe(reason)
  })

  it('takes an offer that comes later, where the ring had none that could be read', async () => {
    await comesIn(p, { sealed: 'AAAA' })
    const call = incoming()
    await call.answer({ video: false })
    expect(p.hub.last('answer').json.sealed).toBeUndefined()
    await answered(p, call)
    p.hub.send({ kind: 'description', call: call.id, from: other, body: { type: 'offer', sdp: 'later' } })
    await settle()
    expect(p.hub.last('description').json.type).toBe('answer')
  })
})

describe('devices', () => {
  const deny = (): void => {
    p.allow.microphone = false
    p.devices.errors = { both: 'NotAllowedError', audio: 'NotAllowedError' }
  }

  it('that are refused keep the phone from ringing, until the person says how to go on', async () => {
    deny()
    const call = p.calls.start(berta, { video: true })
    await settle()
    expect(call.state).toBe('preparing')
    expect(call.problem).toEqual({ kind: 'denied', device: 'microphone', blocking: true })
    expect(p.hub.got('ring')).toEqual([])
    await call.goOn()
    expect(call.state).toBe('outgoing')
    expect(p.hub.got('ring')).toHaveLength(1)
    expect(call.camera).toBe(true)
    await answered(p, call)
    expect(p.hub.last('media').json).toEqual({ audio: false, video: true })
  })

  it('that are allowed at the second try let the call go on', async () => {
    deny()
    const call = p.calls.start(berta, { video: false })
    await settle()
    p.devices.errors = {}
    await call.retry()
    expect(call.problem).toBeUndefined()
    expect(p.hub.got('ring')).toHaveLength(1)
  })

  it('that are refused do not lose an incoming call', async () => {
    deny()
    await comesIn(p)
    const call = incoming()
    await call.answer({ video: false })
    expect(call.state).toBe('incoming')
    expect(call.problem?.blocking).toBe(true)
    p.devices.errors = {}
    await call.answer({ video: false })
    expect(call.state).toBe('connecting')
    expect(call.problem).toBeUndefined()
  })

  it('that are missing need not keep the person from listening', async () => {
    deny()
    await comesIn(p)
    await incoming().answer({ video: false })
    await incoming().goOn()
    expect(p.hub.got('answer')).toHaveLength(1)
  })

  it('can be given up before anything rang', async () => {
    deny()
    const call = p.calls.start(berta, { video: false })
    await settle()
    call.hangUp()
    expect(call.endReason).toBe('cancelled')
    expect(p.hub.sockets[0]?.sent.map((f) => f.kind)).toEqual(['hello'])
  })

  it('without a camera make a voice call and say so', async () => {
    p.allow.camera = false
    p.devices.errors = { both: 'NotFoundError', video: 'NotFoundError' }
    const call = await talks(p)
    expect(call.problem).toEqual({ kind: 'no_camera', device: 'camera', blocking: false })
    expect(p.hub.last('media').json).toEqual({ audio: true, video: false })
  })

  it('on an insecure page are told so', async () => {
    p = phone(world({ media: undefined }))
    const call = p.calls.start(berta, { video: true })
    await settle()
    expect(call.problem).toEqual({ kind: 'insecure', device: 'microphone', blocking: true })
  })

  it('are muted for the other side to see', async () => {
    const call = await talks(p)
    call.setMuted(true)
    expect(call.muted).toBe(true)
    expect(p.hub.last('media').json).toEqual({ audio: false, video: true })
    expect(p.devices.live('audio')?.enabled).toBe(false)
  })

  it('turn the camera off and on without a new offer', async () => {
    const call = await talks(p)
    await call.setCamera(false)
    await settle()
    expect(p.peer().sends('video')).toBeNull()
    expect(p.hub.last('media').json).toEqual({ audio: true, video: false })
    await call.setCamera(true)
    await settle()
    expect(p.peer().sends('video')).toBe(p.devices.live('video'))
    expect(p.hub.last('media').json).toEqual({ audio: true, video: true })
    expect(p.hub.got('description')).toEqual([])
  })

  it('say why the camera does not come on', async () => {
    const call = await talks(p, false)
    p.devices.errors = { video: 'NotReadableError' }
    await call.setCamera(true)
    expect(call.problem).toEqual({ kind: 'in_use', device: 'camera', blocking: false })
    expect(call.state).toBe('connected')
  })

  it('can be changed in the middle of a call', async () => {
    const call = await talks(p)
    await call.setMicrophoneDevice('other')
    await call.setCameraDevice('other')
    await settle()
    expect(p.peer().sends('audio')).toBe(p.devices.live('audio'))
    expect(p.peer().sends('video')).toBe(p.devices.live('video'))
    expect(p.devices.tracks.filter((t) => t.readyState === 'live')).toHaveLength(2)
  })
})

describe('the other side', () => {
  it('says what it sends, and whether it is there', async () => {
    const call = await talks(p)
    p.hub.send({ kind: 'media', call: call.id, from: other, body: { audio: false, video: true } })
    expect(call.remote).toEqual({ audio: false, video: true })
    p.hub.send({ kind: 'away', call: call.id, body: { away: true, seconds: 20 } })
    expect(call.remoteAway).toBe(true)
    p.hub.send({ kind: 'away', call: call.id, body: { away: false, seconds: 0 } })
    expect(call.remoteAway).toBe(false)
  })

  it('is heard and seen in one stream', async () => {
    const call = await talks(p)
    p.peer().ontrack?.({ track: new FakeTrack('audio') })
    p.peer().ontrack?.({ track: new FakeTrack('video') })
    expect(call.remoteStream.getTracks()).toHaveLength(2)
    expect(call.localStream?.getTracks()).toHaveLength(2)
  })

  it('cannot end a call with a description that is of no use', async () => {
    const call = await talks(p)
    p.peer().fail.setRemoteDescription = new Error('no')
    p.hub.send({ kind: 'description', call: call.id, from: other, body: { type: 'offer', sdp: 'garbage' } })
    p.hub.send({ kind: 'candidate', call: call.id, from: other, body: { candidates: [] } })
    await settle()
    expect(call.state).toBe('connected')
  })

  it('is read from figures now and then', async () => {
    const call = await talks(p)
    expect(call.path).toBeUndefined()
    p.peer().relayed()
    await vi.advanceTimersByTimeAsync(200)
    expect(call.path).toBe('relayed')
    expect(await call.stats()).toMatchObject({ path: 'relayed', transport: 'tcp', roundTripMs: 50, framesIn: 3 })
  })
})

it('leaves no timer and no listener behind', async () => {
  const call = await talks(p)
  call.hangUp()
  call.hangUp()
  p.hub.ok('hangup')
  await settle()
  expect(vi.getTimerCount()).toBe(0)
  expect(p.watchers.size).toBe(1) // the session's own
})
