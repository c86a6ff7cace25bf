import { describe, expect, it } from 'vitest'

import { rate, render } from './render.ts'
import { scores, type SoundName } from './scores.ts'

const all = Object.entries(scores) as [SoundName, (typeof scores)[SoundName]][]
const peak = (x: Float32Array): number => x.reduce((most, v) => Math.max(most, Math.abs(v)), 0)

/** How much of each half tone from 200 to 4000 Hz is in a sound (Goertzel). */
function spectrum(x: Float32Array): number[] {
  const out: number[] = []
  for (let hertz = 200; hertz < 4000; hertz *= 2 ** (1 / 12)) {
    const k = 2 * Math.cos((2 * Math.PI * hertz) / rate)
    let [a, b] = [0, 0]
    for (const v of x) [a, b] = [v + k * a - b, a]
    out.push(Math.sqrt(Math.max(0, a * a + b * b - k * a * b)))
  }
  return out
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0)
const alike = (a: readonly number[], b: readonly number[]): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))

describe('the sounds', () => {
  it.each(all)('%s is short, soft, and never clips', (_, score) => {
    const x = render(score)
    expect(x.length / rate).toBeCloseTo(score.seconds)
    expect(score.seconds).toBeLessThanOrEqual(4)
    expect(peak(x)).toBeGreaterThan(0.08)
    expect(peak(x)).toBeLessThan(0.6)
    expect(Math.abs(x[0]!)).toBeLessThan(0.001) // begins and ends without a click
    expect(peak(x.slice(-Math.round(rate * 0.005)))).toBeLessThan(0.01)
    for (const n of score.notes) expect(n.at + n.lasts).toBeLessThanOrEqual(score.seconds + 1e-9)
  })

  it('that repeat have a pause to breathe', () => {
    for (const name of ['ring', 'ringback'] as const) {
      const x = render(scores[name])
      expect(peak(x.slice(-Math.round(rate * 0.6)))).toBeLessThan(0.005)
    }
  })

  it('differ with eyes shut', () => {
    const heard = all.map(([name, score]) => [name, spectrum(render(score))] as const)
    for (const [a, x] of heard) for (const [b, y] of heard) if (a < b) expect(alike(x, y), `${a} and ${b}`).toBeLessThan(0.85)
  })
})
