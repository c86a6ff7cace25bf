import { describe, expect, it } from 'vitest'

import { Size } from './size.ts'

const draw = (size: Size, ms: number, pictures = 20): void => {
  for (let i = 0; i < pictures; i++) size.drawn(ms)
}

describe('the size of the picture', () => {
  it('grows where drawing is quick', () => {
    const size = new Size()
    expect(size.lines).toBe(480)
    draw(size, 1, 100)
    expect(size.lines).toBe(720)
  })

  it('shrinks where it is slow, and does not swing back', () => {
    const size = new Size()
    draw(size, 30, 100)
    expect(size.lines).toBe(240)
    draw(size, 1, 100)
    expect(size.lines).toBe(240)
  })

  it('stays where it is right, and one slow picture changes nothing', () => {
    const size = new Size()
    draw(size, 8, 10)
    draw(size, 200, 1)
    draw(size, 8, 40)
    expect(size.lines).toBe(480)
  })
})
