import { describe, expect, it } from 'vitest'

import { windowOf } from './virtual-window.ts'

describe('the rows that are drawn', () => {
  it('hold all that can be seen, wherever one has scrolled to', () => {
    for (let above = 0; above <= 500 * 64; above += 37) {
      const { first, end } = windowOf(500, 64, above, 700)
      expect(first * 64 <= above || first === 0).toBe(true)
      expect(end * 64 >= Math.min(500 * 64, above + 700)).toBe(true)
    }
  })

  it('are few, however many there are', () => {
    for (const count of [100, 1000, 100_000]) {
      const { first, end } = windowOf(count, 64, (count * 64) / 2, 900)
      expect(end - first).toBeLessThan(50)
    }
  })

  it('stay the same over a scroll of less than a row', () => {
    expect(windowOf(500, 64, 6400, 704)).toEqual(windowOf(500, 64, 6430, 674))
  })

  it.each([[0, 0], [3, 0], [3, 1e9]])('never lie outside of the list: %i rows, %i above', (count, above) => {
    const { first, end } = windowOf(count, 64, above, 700)
    expect([first >= 0, end <= count, first <= end]).toEqual([true, true, true])
  })
})
