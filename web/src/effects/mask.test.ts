import { describe, expect, it } from 'vitest'

import { Mask } from './mask.ts'

const alpha = (mask: Mask, likely: number): number => {
  const out = new Uint8ClampedArray(4)
  mask.put(Float32Array.of(likely), out)
  return out[3] ?? -1
}

describe('the edge of a person', () => {
  it('is clear where the model is sure', () => {
    expect(alpha(new Mask(1), 0.98)).toBe(255)
    expect(alpha(new Mask(1), 0.02)).toBe(0)
  })

  it('follows at once what the model is sure of, so that nothing leaves a trail', () => {
    const mask = new Mask(1)
    alpha(mask, 1)
    expect(alpha(mask, 0)).toBe(0)
    expect(alpha(mask, 1)).toBe(255)
  })

  it('moves slowly where it hesitates, so that it does not flicker', () => {
    const steady = new Mask(1)
    const first = alpha(steady, 0.45)
    const swing = [0.6, 0.45, 0.6, 0.45].map((p) => Math.abs(alpha(steady, p) - first))
    const hard = Math.abs(alpha(new Mask(1), 0.6) - alpha(new Mask(1), 0.45))
    expect(Math.max(...swing)).toBeLessThan(hard * 0.7)
  })
})
