import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { type FakePeer } from '../test/fake-peer.ts'
import { FakeTrack, settle, world, type World } from '../test/fakes.ts'
import { LinkClosed, PeerLink, pick } from './link.ts'
import { type Candidates, type Description, type ICEServer } from './wire.gen.ts'

const servers: ICEServer[] = [
  { urls: ['stun:r.example:3478'] },
  { urls: ['turn:r.example:3478?transport=udp', 'turn:r.example:3478?transport=tcp'], username: 'u', credential: 'c' },
]

interface Side {
  readonly link: PeerLink
  readonly peer: FakePeer
  readonly out: (Description | Candidates)[]
}

let w: World

function side(polite: boolean, options: { relayOnly?: boolean; turn?: 'udp' | 'tcp' } = {}): Side {
  const link = new PeerLink(w.env, { polite, relayOnly: options.relayOnly ?? false, turn: options.turn })
  const out: (Description | Candidates)[] = []
  link.on('description', (d) => void out.push(d))
  link.on('candidates', (c) => void out.push(c))
  return { link, peer: w.peer(), out }
}

/** Two links that have offer and answer, as a call makes them. */
async function pair(): Promise<{ caller: Side; callee: Side }> {
  const caller = side(false)
  const callee = side(true)
  const offer = await caller.link.offer()
  await caller.link.begin(servers)
  const answer = await callee.link.prepare(servers, offer)
  await callee.link.establish()
  await caller.link.establish(answer)
  await settle()
  return { caller, callee }
}

/** Hands what one side let out to the other. */
async function carry(from: Side, to: Side): Promise<void> {
  for (const message of from.out.splice(0)) {
    if ('candidates' in message) await to.link.takeCandidates(message)
    else await to.link.takeDescription(message)
  }
  await settle()
}

const candidate = (name: string): Candidates['candidates'][number] => ({ candidate: name, sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'u' })

beforeEach(() => {
  vi.useFakeTimers()
  w = world()
})

afterEach(() => vi.useRealTimers())

describe('the first offer', () => {
  it('has sound and picture from the start, and starts no gathering', async () => {
    const { link, peer } = side(false)
    const { type, sdp } = await link.offer()
    expect(type).toBe('offer')
    expect(sdp).toMatch(/^offer/)
    expect(peer.transceivers.map((t) => t.direction)).toEqual(['sendrecv', 'sendrecv'])
    expect(peer.transceivers[0]?.sender.streams[0]).toBe(peer.transceivers[1]?.sender.streams[0])
    expect(peer.log).toEqual([])
  })

  it('is set with the servers, once', async () => {
    const { link, peer } = side(false)
    const offer = await link.offer()
    await link.begin(servers)
    await link.begin(servers)
    expect(peer.log).toEqual(['local offer'])
    expect(peer.localDescription).toEqual(offer)
    expect(peer.configuration).toEqual({ iceServers: servers, iceTransportPolicy: 'all', bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' })
  })

  it('takes only relays where addresses are to be hidden', async () => {
    const { link, peer } = side(false, { relayOnly: true, turn: 'tcp' })
    await link.offer()
    await link.begin(servers)
    expect(peer.configuration.iceTransportPolicy).toBe('relay')
    expect(peer.configuration.iceServers?.[1]?.urls).toEqual(['turn:r.example:3478?transport=tcp'])
  })
})

describe('before the other side has accepted', () => {
  it('no candidate leaves the caller', async () => {
    const { link, peer, out } = side(false)
    await link.offer()
    await link.begin(servers)
    peer.gather('host 1')
    peer.gather(null)
    await settle()
    expect(out).toEqual([])
    await link.establish({ type: 'answer', sdp: 'answer x' })
    await settle()
    expect(out).toEqual([{ candidates: [candidate('host 1')], end: true }])
  })

  it('no address of the caller is tried: checking it would show ours', async () => {
    const { link, peer } = side(true)
    const sdp = ['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=candidate:1 1 udp 1 198.51.100.9 9 typ host', 'a=mid:0', 'a=end-of-candidates', '']
    await link.prepare(servers, { type: 'offer', sdp: sdp.join('\r\n') })
    await link.takeCandidates({ candidates: [candidate('early')] })
    await settle()
    expect(peer.remoteDescription?.sdp).toBe(['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', ''].join('\r\n'))
    expect(peer.candidates).toEqual([])
    await link.establish()
    await settle()
    expect(peer.candidates).toEqual([{ candidate: 'candidate:1 1 udp 1 198.51.100.9 9 typ host', sdpMLineIndex: 0 }, candidate('early')])
  })

  it('no candidate leaves the callee, though it gathers', async () => {
    const { link, peer, out } = side(true)
    const answer = await link.prepare(servers, { type: 'offer', sdp: 'offer x' })
    expect(answer?.type).toBe('answer')
    expect(peer.transceivers.map((t) => t.direction)).toEqual(['sendrecv', 'sendrecv'])
    peer.gather('host 1')
    await settle()
    expect(out).toEqual([])
  })

  it('no new offer is made', async () => {
    const { link, peer, out } = side(false)
    await link.offer()
    await settle() // addTransceiver asked for one
    expect(peer.log).toEqual([])
    expect(out).toEqual([])
  })

  it('an incoming call without an offer is only prepared', async () => {
    const { link, peer } = side(true)
    expect(await link.prepare(servers)).toBeUndefined()
    expect(peer.configuration.iceServers).toEqual(servers)
  })
})

describe('candidates', () => {
  it('that come in one turn go in one frame', async () => {
    const { caller } = await pair()
    caller.peer.gather('a')
    caller.peer.gather('b')
    await settle()
    caller.peer.gather('')
    caller.peer.gather('c')
    caller.peer.gather(null)
    await settle()
    expect(caller.out).toEqual([{ candidates: [candidate('a'), candidate('b')] }, { candidates: [candidate('c')], end: true }])
  })

  it('that come before the description wait for it', async () => {
    const { link, peer } = side(true)
    await link.takeCandidates({ candidates: [candidate('early')], end: true })
    expect(peer.candidates).toEqual([])
    await link.prepare(servers, { type: 'offer', sdp: 'offer x' })
    await link.establish()
    expect(peer.candidates).toEqual([candidate('early'), undefined])
  })

  it('that wait are not kept without end', async () => {
    const { link, peer } = side(true)
    await link.takeCandidates({ candidates: Array.from({ length: 1000 }, (_, i) => candidate(String(i))) })
    await link.prepare(servers, { type: 'offer', sdp: 'offer x' })
    await link.establish()
    expect(peer.candidates).toHaveLength(256)
  })

  it('tell where the other side’s relays are', async () => {
    const { callee } = await pair()
    const told = (kind: string, address: string) => callee.link.takeCandidates({ candidates: [candidate(`candidate:1 1 udp 41885439 ${address} 4000 typ ${kind} raddr 0.0.0.0 rport 0`)] })
    await told('relay', '2001:DB8::9')
    await told('srflx', '198.51.100.9')
    expect([...callee.link.relays]).toEqual(['2001:db8::9 4000'])
  })

  it('that are of no use do no harm', async () => {
    const { caller } = await pair()
    caller.peer.fail.addIceCandidate = new Error('unknown ufrag')
    await expect(caller.link.takeCandidates({ candidates: [candidate('x')] })).resolves.toBeUndefined()
  })
})

describe('looking for a new way', () => {
  it('makes an offer with fresh servers, and goes on', async () => {
    const { caller, callee } = await pair()
    caller.link.use([{ urls: ['turn:other.example'] }])
    caller.link.restart()
    await settle()
    expect(caller.peer.configuration.iceServers).toEqual([{ urls: ['turn:other.example'] }])
    expect(caller.out.map((m) => 'type' in m && m.type)).toEqual(['offer'])
    await carry(caller, callee)
    await carry(callee, caller)
    expect([caller.peer.signalingState, callee.peer.signalingState]).toEqual(['stable', 'stable'])
  })

  it('works when both begin at once: the callee gives way', async () => {
    const { caller, callee } = await pair()
    caller.link.restart()
    callee.link.restart()
    await settle()
    await carry(callee, caller) // ignored: the caller has an offer of its own
    expect(caller.peer.log.filter((l) => l === 'remote offer')).toEqual([])
    await carry(caller, callee)
    expect(callee.peer.log).toContain('rollback')
    await carry(callee, caller)
    expect(caller.peer.signalingState).toBe('stable')
    expect(callee.peer.signalingState).toBe('stable')
  })

  it('takes an answer by the role that was agreed upon at first', async () => {
    const callee = side(true)
    callee.peer.createAnswer = () => Promise.resolve({ type: 'answer', sdp: 'a=setup:active' })
    await callee.link.prepare(servers, { type: 'offer', sdp: 'theirs' })
    await callee.link.establish()
    callee.link.restart()
    await settle()
    await callee.link.takeDescription({ type: 'answer', sdp: 'a=setup:active' })
    expect(callee.peer.remoteDescription?.sdp).toBe('a=setup:passive')
    expect(callee.peer.signalingState).toBe('stable')
  })

  it('tells an offer again while it has no answer, and its candidates', async () => {
    const { caller, callee } = await pair()
    caller.link.restart()
    await settle()
    caller.peer.gather('a')
    await settle()
    const lost = caller.out.splice(0)
    expect(lost).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(4001)
    expect(caller.out).toEqual(lost)
    await carry(caller, callee)
    await carry(callee, caller)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(caller.out).toEqual([])
  })

  it('answers an offer that comes again with the same answer', async () => {
    const { caller, callee } = await pair()
    caller.link.restart()
    await settle()
    const offer = caller.out[0] as Description
    await callee.link.takeDescription(offer)
    const [first] = callee.out.splice(0)
    await callee.link.takeDescription(offer)
    expect(callee.out).toEqual([first])
    await carry(callee, caller)
    await caller.link.takeDescription(first as Description) // and takes it once
    expect(caller.peer.signalingState).toBe('stable')
  })

  it('tells everything again when the hub is back', async () => {
    const { caller } = await pair()
    caller.peer.gather('a')
    await settle()
    caller.out.length = 0
    caller.link.repeat()
    await settle()
    expect(caller.out).toEqual([{ candidates: [candidate('a')] }])
  })

  it('ignores a rollback from the other side', async () => {
    const { caller } = await pair()
    await caller.link.takeDescription({ type: 'rollback', sdp: '' })
    expect(caller.peer.log).toEqual(['local offer', 'remote answer'])
  })
})

describe('tracks', () => {
  it('take each other\'s place without a new offer', async () => {
    const { caller } = await pair()
    const track = new FakeTrack('video') as unknown as MediaStreamTrack
    await caller.link.send('video', track)
    expect(caller.peer.sends('video')).toBe(track)
    await caller.link.send('video', null)
    expect(caller.peer.sends('video')).toBeNull()
    await settle()
    expect(caller.out).toEqual([])
  })

  it('that are there before the answer are sent with it', async () => {
    const { link, peer } = side(true)
    const track = new FakeTrack('audio') as unknown as MediaStreamTrack
    await link.send('audio', track)
    await link.prepare(servers, { type: 'offer', sdp: 'offer x' })
    expect(peer.sends('audio')).toBe(track)
    expect(peer.sends('video')).toBeNull()
  })

  it('of the other side make a stream, one of each kind', () => {
    const { link, peer } = side(false)
    const told = vi.fn()
    link.on('media', told)
    const before = link.remoteStream
    for (const kind of ['audio', 'video', 'video'] as const) peer.ontrack?.({ track: new FakeTrack(kind) })
    expect(link.remoteStream.getTracks().map((t) => t.kind)).toEqual(['audio', 'video'])
    expect(link.remoteStream).not.toBe(before)
    expect(told).toHaveBeenCalledTimes(3)
  })
})

describe('the state', () => {
  it('is connected only when all is, and lost as soon as ICE says so', () => {
    const { link, peer } = side(false)
    const told: string[] = []
    link.on('state', (s) => void told.push(s))
    peer.become('connecting', 'connected')
    peer.become('connected', 'connected')
    peer.become('connected', 'disconnected')
    peer.become('connected', 'connected')
    peer.become('failed')
    expect(told).toEqual(['connected', 'disconnected', 'connected', 'failed'])
  })
})

describe('a closed link', () => {
  it('does nothing any more', async () => {
    const { caller } = await pair()
    caller.peer.gather('late')
    caller.link.close()
    await settle()
    expect(caller.peer.closed).toBe(true)
    expect(caller.out).toEqual([])
    caller.link.restart()
    caller.link.repeat()
    await expect(caller.link.takeDescription({ type: 'offer', sdp: '' })).rejects.toBeInstanceOf(LinkClosed)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a transport', () => {
  const all: ICEServer[] = [{ urls: ['stun:s', 'turn:a', 'turn:b?transport=udp', 'turn:c?transport=tcp', 'turns:d', 'turns:e?transport=udp'] }]
  it.each([
    [undefined, all[0]?.urls],
    ['udp', ['stun:s', 'turn:a', 'turn:b?transport=udp', 'turns:e?transport=udp']],
    ['tcp', ['stun:s', 'turn:c?transport=tcp', 'turns:d']],
  ] as const)('%s leaves %o', (turn, urls) => {
    expect(pick(all, turn)).toEqual([{ urls }])
  })

  it('leaves no server without an address', () => {
    expect(pick([{ urls: ['turn:a?transport=tcp'], username: 'u' }], 'udp')).toEqual([])
  })
})
