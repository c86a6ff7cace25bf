import { beforeEach, describe, expect, it } from 'vitest'

import { Pulse } from './pulse.ts'
import { type CallStats, digest } from './stats.ts'

let at = 0
let before: CallStats | undefined
let p: Pulse

beforeEach(() => {
  at = 0
  before = undefined
  p = new Pulse()
})

/** feels gives a reading some milliseconds after the one before. */
function feels(packets: number, { after = 1000, reportedAt = 1 } = {}): boolean {
  at += after
  const now = digest(new Map(Object.entries({
    in: { id: 'in', type: 'inbound-rtp', kind: 'audio', packetsReceived: packets, timestamp: at },
    r: { id: 'r', type: 'remote-inbound-rtp', kind: 'audio', fractionLost: 0, packetsLost: 0, timestamp: reportedAt },
  })))
  const beats = p.take(now, before)
  before = now
  return beats
}

function still(times: number, after = 1000): void {
  for (let i = 0; i < times; i++) expect(feels(9, { after })).toBe(false)
}

function begin(): void {
  feels(8)
  expect(feels(9)).toBe(true)
}

describe('the pulse', () => {
  it('beats with each packet, and with each report', () => {
    expect(feels(8)).toBe(true)
    expect(feels(9)).toBe(true)
    expect(feels(9, { reportedAt: 2 })).toBe(true)
    expect(feels(9, { reportedAt: 2 })).toBe(false)
    expect(p.lost).toBe(false)
  })

  it('is never lost before it began', () => {
    feels(9)
    still(60)
    expect(p.lost).toBe(false)
  })

  it('is lost after six seconds without a sign, and back with one', () => {
    begin()
    still(5)
    expect(p.lost).toBe(false)
    still(1)
    expect(p.lost).toBe(true)
    feels(10)
    expect(p.lost).toBe(false)
  })

  it('is not lost by one long sleep, nor faster by hurried readings', () => {
    begin()
    still(1, 3_600_000)
    still(20, 200)
    expect(p.lost).toBe(false)
    still(1)
    expect(p.lost).toBe(true)
  })

  it('takes figures that a browser began anew for no sign', () => {
    begin()
    still(6)
    expect(feels(0)).toBe(false)
    expect(p.lost).toBe(true)
  })

  it('tells the first sign after a gap, and takes a late report for none', () => {
    begin()
    still(2)
    feels(10)
    expect(p.returned).toBe(false)
    feels(11)
    for (let i = 0; i < 3; i++) feels(11)
    expect(p.returned).toBe(false)
    feels(12)
    expect(p.returned).toBe(true)
    feels(13)
    expect(p.returned).toBe(false)
  })
})
