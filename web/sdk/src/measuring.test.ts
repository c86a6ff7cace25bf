// What a client tells the hub of a call's figures, and when it tells nothing.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { answered, comesIn, ends, incomingCall, type Phone, phone, rings, talks } from '../test/calling.ts'
import { settle } from '../test/fakes.ts'
import { openJSON } from './text.ts'

let p: Phone

beforeEach(() => {
  vi.useFakeTimers()
  p = phone()
  p.calls.settings = { relay: 'auto', measure: true }
})

afterEach(() => {
  p.signal.close()
  vi.useRealTimers()
})

type Local = Readonly<Record<string, unknown>>
const way = (local: Local, remote = 'host'): void => {
  p.peer().stats = [
    { id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
    { id: 'P', type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'R' },
    { id: 'L', type: 'local-candidate', ...local },
    { id: 'R', type: 'remote-candidate', candidateType: remote },
  ]
}
const direct = { candidateType: 'host', protocol: 'udp' }
const relayed = (relayProtocol: string) => ({ candidateType: 'relay', protocol: 'udp', relayProtocol })
const told = (): unknown[] => p.hub.sockets.flatMap((s) => s.sent).filter((f) => f.kind === 'measured').map((f) => openJSON(f.body))
const kinds = (): string[] => p.hub.sockets.flatMap((s) => s.sent).map((f) => f.kind)
const pass = async (ms: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms)
  await settle()
}

describe('who has agreed', () => {
  it.each([
    ['udp', relayed('udp'), 'host'],
    ['tcp', relayed('tcp'), 'relay'],
    ['tls', relayed('tls'), 'host'],
    ['direct', direct, 'srflx'],
    ['relay', direct, 'relay'],
    ['relay', { candidateType: 'relay' }, 'host'],
  ])('tells once that media go by %s, ten seconds on', async (name, local, remote) => {
    const call = await rings(p)
    await pass(3210)
    await answered(p, call)
    way(local, remote)
    p.peer().become('connected')
    await pass(9900)
    expect(told()).toEqual([])
    await pass(200)
    expect(told()).toEqual([{ tenths: 33, way: name }])
    await pass(60_000)
    call.hangUp()
    await settle()
    expect(told()).toHaveLength(1)
  })

  it('tells of the way that media settled on', async () => {
    const call = await rings(p)
    await answered(p, call)
    way(relayed('udp'))
    p.peer().become('connected')
    await pass(3000)
    way(direct)
    await pass(8000)
    expect(told()).toEqual([{ tenths: 0, way: 'direct' }])
  })

  it('tells right before it hangs up, where that is sooner', async () => {
    const call = await rings(p)
    await answered(p, call)
    way(direct)
    p.peer().become('connected')
    await pass(2000)
    call.hangUp()
    await pass(30_000)
    expect(told()).toHaveLength(1)
    expect(kinds().slice(-2)).toEqual(['measured', 'hangup'])
  })

  it('counts from the ring where somebody calls', async () => {
    await comesIn(p)
    await pass(1500)
    const call = p.calls.current
    await call?.answer({ video: false })
    p.hub.send({ kind: 'answered', call: incomingCall, body: { media: 'audio', peer: { account: 'annaaaaaaaaaaaaaaaaaaaaaae', device: 'deviceaaaaaaaaaaaaaaaaaaae' } } })
    await settle()
    way(relayed('tcp'))
    p.peer().become('connected')
    await pass(10_100)
    expect(told()).toEqual([{ tenths: 15, way: 'tcp' }])
  })

  it('tells nothing of a call that never connected, or that the other side ended first', async () => {
    const call = await rings(p)
    await answered(p, call)
    call.hangUp()
    await pass(20_000)
    const next = await talks(p)
    way(direct)
    await pass(3000)
    await ends(p, next.id, 'hangup')
    await pass(20_000)
    expect(told()).toEqual([])
  })

  it('tells nothing once it is turned off, in mid-call too', async () => {
    const call = await talks(p)
    way(direct)
    await pass(2000)
    p.calls.settings = { ...p.calls.settings, measure: false }
    await pass(20_000)
    call.hangUp()
    await settle()
    expect(told()).toEqual([])
  })

  it('waits for media that are between two ways', async () => {
    await talks(p)
    way(direct)
    await pass(9900)
    p.peer().become('disconnected')
    await pass(200)
    expect(told()).toEqual([])
    p.peer().become('connected')
    await pass(1000)
    expect(told()).toEqual([{ tenths: 0, way: 'direct' }])
  })
})

it.each([undefined, false])('whoever has not agreed tells nothing (%s)', async (measure) => {
  p.calls.settings = { relay: 'auto', measure }
  const call = await talks(p)
  way(relayed('udp'))
  await pass(30_000)
  p.calls.settings = { relay: 'auto', measure: true } // agreed in mid-call: counts from the next one on
  await pass(30_000)
  call.hangUp()
  await settle()
  expect(told()).toEqual([])
})
