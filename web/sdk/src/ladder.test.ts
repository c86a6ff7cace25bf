import { describe, expect, it } from 'vitest'

import { type Figures, heldRung, judge, type Ladder, newLadder, rungs, step } from './ladder.ts'

/** run feeds one reading a second, and returns where the picture stood after each. */
function run(from: Ladder, figures: readonly Omit<Figures, 'at'>[]): { ladder: Ladder; path: number[] } {
  let ladder = from
  const path = figures.map((f) => {
    ladder = step(ladder, { ...f, at: ladder.at + 1000 })
    return ladder.rung
  })
  return { ladder, path }
}

const times = (n: number, f: Omit<Figures, 'at'>): Omit<Figures, 'at'>[] => Array.from({ length: n }, () => f)
const good = { loss: 0, roundTripMs: 30 }
const bad = { loss: 0.12, roundTripMs: 30 }
const awful = { loss: 0.5, roundTripMs: 30 }
const at = (rung: number): Ladder => ({ ...newLadder(0), rung, floorMs: 30 })

describe('what figures mean', () => {
  it.each<[Omit<Figures, 'at'>, number, string]>([
    [{}, 0, 'good'],
    [{ loss: 0.02, roundTripMs: 60 }, 0, 'good'],
    [{ loss: 0.05 }, 0, 'unclear'],
    [{ loss: 0.1 }, 0, 'bad'],
    [{ loss: 0.3 }, 0, 'awful'],
    [{ roundTripMs: 300 }, 0, 'unclear'],
    [{ roundTripMs: 700 }, 0, 'bad'],
    [{ roundTripMs: 2000 }, 0, 'awful'],
    [{ room: 500, sent: 450 }, 0, 'bad'], // 1500 are allowed, and what there is is used up
    [{ room: 500, sent: 200 }, 0, 'good'], // a picture that needs little
    [{ room: 500, sent: 450 }, 2, 'good'],
    [{ room: 100, sent: 100 }, 0, 'awful'],
    [{ room: 10, sent: 30 }, heldRung, 'good'], // there is no picture that could lack room
  ])('%o on rung %i is %s', (figures, rung, verdict) => {
    expect(judge({ at: 0, ...figures }, rung, 30)).toBe(verdict)
  })

  it('a long way is no waiting', () => {
    expect(judge({ at: 0, roundTripMs: 620 }, 0, 600)).toBe('good')
    expect(judge({ at: 0, roundTripMs: 620 }, 0, Infinity)).toBe('good')
  })
})

describe('the picture', () => {
  it('stays as it is on a good network', () => {
    expect(run(at(0), times(100, good)).path.every((r) => r === 0)).toBe(true)
  })

  it('is not put off by one bad reading', () => {
    expect(run(at(0), [good, bad, good, good, bad, good]).path).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('goes down step by step while it is bad, and is held at last', () => {
    const { path } = run(at(0), times(12, bad))
    expect(path.slice(0, 2)).toEqual([0, 1])
    expect(path.at(-1)).toBe(heldRung)
    expect(path).toEqual([...path].sort((a, b) => a - b))
  })

  it('is held within four seconds where it is awful', () => {
    expect(run(at(0), times(4, awful)).ladder.rung).toBe(heldRung)
  })

  it('counts bad readings over those that report nothing', () => {
    expect(run(at(0), [good, bad, { roundTripMs: 30 }, bad]).path).toEqual([0, 0, 0, 1])
  })

  it('comes back by itself, slower than it went', () => {
    const { path } = run(at(heldRung), times(30, good))
    expect(path.at(-1)).toBe(0)
    expect(path.filter((r, i) => i > 0 && r < (path[i - 1] ?? 0))).toEqual([3, 2, 1, 0])
    expect(path.slice(0, 5)).toEqual(times(5, good).map(() => heldRung))
  })

  it('does not come back while it is unclear', () => {
    expect(run(at(heldRung), times(60, { loss: 0.05 })).ladder.rung).toBe(heldRung)
  })

  it('tries less and less often where more does not hold', () => {
    // Anything above the lowest rung is bad.
    let ladder = at(2)
    const climbs: number[] = []
    for (let i = 0; i < 240; i++) {
      const was = ladder.rung
      ladder = step(ladder, { at: ladder.at + 1000, ...(ladder.rung < 2 ? bad : good) })
      if (ladder.rung < was) climbs.push(i)
    }
    const waits = climbs.slice(1).map((c, i) => c - (climbs[i] ?? 0))
    expect(climbs.length).toBeLessThan(8)
    expect(waits).toEqual([...waits].sort((a, b) => a - b))
    expect(Math.max(...waits)).toBeGreaterThan(50)
  })

  it('gets used to a way that became longer', () => {
    expect(run(at(2), times(120, { loss: 0, roundTripMs: 600 })).ladder.rung).toBeLessThan(2)
  })

  it('has rungs that get smaller in everything', () => {
    for (const [i, r] of rungs.entries()) {
      const next = rungs[i + 1]
      if (next === undefined) continue
      expect(next.kbit).toBeLessThan(r.kbit)
      expect(next.scale).toBeGreaterThanOrEqual(r.scale)
      expect(next.framesPerSecond).toBeLessThanOrEqual(r.framesPerSecond)
      expect(next.soundKbit).toBeLessThan(r.soundKbit)
    }
  })
})
