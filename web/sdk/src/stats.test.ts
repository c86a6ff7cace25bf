import { describe, expect, it } from 'vitest'

import { type CallStats, digest, qualityOf } from './stats.ts'

type Entry = Record<string, unknown> & { id: string; type: string }

const report = (...entries: Entry[]): RTCStatsReport => new Map(entries.map((e) => [e.id, e]))

const local = (type: string, more: object = {}): Entry => ({ id: 'l', type: 'local-candidate', candidateType: type, protocol: 'udp', ...more })
const remote = (type: string): Entry => ({ id: 'r', type: 'remote-candidate', candidateType: type, protocol: 'udp' })
const pair = (more: object = {}): Entry => ({ id: 'p', type: 'candidate-pair', localCandidateId: 'l', remoteCandidateId: 'r', ...more })
const transport: Entry = { id: 't', type: 'transport', selectedCandidatePairId: 'p' }

describe('the path', () => {
  it.each([
    ['host', 'host', 'direct'],
    ['srflx', 'prflx', 'direct'],
    ['relay', 'host', 'relayed'],
    ['prflx', 'relay', 'relayed'],
  ])('from %s to %s is %s', (a, b, path) => {
    expect(digest(report(transport, pair(), local(a), remote(b))).path).toBe(path)
  })

  it.each([
    ['names it in the transport', [transport, pair()]],
    ['marks the pair', [pair({ selected: true })]],
    ['only nominates it', [pair({ nominated: true, state: 'succeeded' })]],
  ])('is known where the browser %s', (_, entries) => {
    const other = { ...pair({ state: 'waiting' }), id: 'q', localCandidateId: 'x' }
    expect(digest(report(other, ...entries, local('host'), remote('host'))).path).toBe('direct')
  })

  it('from a relay that checked before it was told of is relayed', () => {
    const early = { ...remote('prflx'), address: '198.51.100.9', port: 4000 }
    const path = (...relays: string[]) => digest(report(transport, pair(), local('host'), early), undefined, new Set(relays)).path
    expect(path('198.51.100.9 4000')).toBe('relayed')
    expect(path('198.51.100.9 4001')).toBe('direct')
    expect(path()).toBe('direct')
  })

  it('is unknown before there is one', () => {
    expect(digest(report())).toMatchObject({ bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0, packetsIn: 0, packetsLost: 0 })
    expect(digest(report(transport, pair(), local('host'))).path).toBeUndefined()
  })

  it.each([
    ['host', {}, 'udp'],
    ['relay', { relayProtocol: 'tcp' }, 'tcp'],
    ['relay', { relayProtocol: 'tls' }, 'tls'],
    ['relay', {}, undefined],
  ])('by %s %o goes over %s', (type, more, want) => {
    expect(digest(report(transport, pair(), local(type, more), remote('host'))).transport).toBe(want)
  })
})

describe('figures', () => {
  const inbound = (id: string, got: number, lost: number): Entry => ({ id, type: 'inbound-rtp', packetsReceived: got, packetsLost: lost, bytesReceived: got * 10, framesDecoded: 2 })

  it('are summed up over sound and picture', () => {
    const s = digest(report(inbound('a', 10, 1), inbound('b', 20, 2), { id: 'o', type: 'outbound-rtp', bytesSent: 7, framesEncoded: 5 }, { id: 'n', type: 'inbound-rtp' }))
    expect(s).toMatchObject({ packetsIn: 30, packetsLost: 3, bytesIn: 300, bytesOut: 7, framesIn: 4, framesOut: 5 })
    expect(s.lossIn).toBeUndefined()
  })

  it('measure loss since the figures before', () => {
    const before = digest(report(inbound('a', 100, 50)))
    expect(digest(report(inbound('a', 190, 60)), before).lossIn).toBeCloseTo(0.1)
    expect(digest(report(inbound('a', 100, 50)), before).lossIn).toBe(0)
    expect(digest(report(inbound('a', 120, 40)), before).lossIn).toBe(0)
  })

  it('take what the other side reports', () => {
    const s = digest(report({ id: 'x', type: 'remote-inbound-rtp', fractionLost: 0.25, roundTripTime: 0.12 }, { id: 'y', type: 'remote-inbound-rtp', fractionLost: 0.1 }))
    expect(s).toMatchObject({ lossOut: 0.25, roundTripMs: 120 })
  })

  it('take the way\'s own round trip first', () => {
    const s = digest(report(transport, pair({ currentRoundTripTime: 0.03 }), { id: 'x', type: 'remote-inbound-rtp', roundTripTime: 0.12 }))
    expect(s.roundTripMs).toBe(30)
  })

  it('tell codecs, sizes, rates and both ends of the way', () => {
    const at = (timestamp: number, n: number): CallStats =>
      digest(report(
        transport, pair({ availableOutgoingBitrate: 1_234_567 }), local('relay'), remote('host'),
        { id: 'c', type: 'codec', mimeType: 'video/VP8' }, { id: 'd', type: 'codec', mimeType: 'audio/opus' },
        { id: 'o', type: 'outbound-rtp', kind: 'video', codecId: 'c', bytesSent: n * 125, framesEncoded: n, frameWidth: 640, frameHeight: 480, timestamp },
        { id: 'i', type: 'inbound-rtp', kind: 'audio', codecId: 'd', bytesReceived: n * 25, jitter: 0.0123, timestamp },
      ), before)
    let before: CallStats | undefined
    before = at(1000, 10)
    expect(before.kbitOut).toBeUndefined()
    const now = at(2000, 40)
    expect(now).toMatchObject({
      codecs: { videoOut: 'VP8', audioIn: 'opus' }, candidates: { local: 'relay', remote: 'host' }, sizeOut: { width: 640, height: 480 },
      jitterMs: 12, kbitRoom: 1235, kbitOut: 30, kbitIn: 6, framesPerSecondOut: 30, framesPerSecondIn: 0,
    })
    before = now
    expect(at(2100, 41)).toMatchObject({ kbitOut: 30, framesPerSecondOut: 30 }) // too soon to measure anew
    expect(now).not.toHaveProperty('sizeIn')
  })

  it('leave out what is no number', () => {
    expect(digest(report(inbound('a', NaN, Infinity)))).toMatchObject({ packetsIn: 0, packetsLost: 0 })
  })
})

describe('the word for it', () => {
  const none: CallStats = digest(report())
  it.each([
    [{}, 'good'],
    [{ lossIn: 0.02, roundTripMs: 250 }, 'good'],
    [{ lossIn: 0.05 }, 'fair'],
    [{ roundTripMs: 400 }, 'fair'],
    [{ lossOut: 0.2 }, 'poor'],
    [{ roundTripMs: 700 }, 'poor'],
  ])('of %o is %s', (figures, word) => {
    expect(qualityOf({ ...none, ...figures })).toBe(word)
  })
})
