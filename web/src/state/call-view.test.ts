import { describe, expect, it } from 'vitest'

import { aspectOf, type Corner, fitOf, moved, nearestCorner, next, sides } from './call-view.ts'

const box = { width: 1000, height: 600 }

describe('one’s own picture', () => {
  it('falls into the corner it was let go in', () => {
    expect(nearestCorner(900, 500, box, 'ltr')).toBe('end-end')
    expect(nearestCorner(100, 500, box, 'ltr')).toBe('end-start')
    expect(nearestCorner(900, 100, box, 'ltr')).toBe('start-end')
    expect(nearestCorner(100, 100, box, 'rtl')).toBe('start-end')
  })

  it('goes where an arrow points, in both directions of writing', () => {
    expect(moved('end-end', 'left', 'ltr')).toBe('end-start')
    expect(moved('end-end', 'right', 'ltr')).toBe('end-end')
    expect(moved('end-end', 'up', 'ltr')).toBe('start-end')
    expect(moved('end-end', 'right', 'rtl')).toBe('end-start')
    expect(moved('start-start', 'down', 'rtl')).toBe('end-start')
  })

  it('is named by where it is seen', () => {
    expect(sides('end-end', 'ltr')).toEqual({ bottom: true, right: true })
    expect(sides('end-end', 'rtl')).toEqual({ bottom: true, right: false })
  })

  it('goes round all corners', () => {
    const seen = new Set<Corner>()
    let at: Corner = 'end-end'
    for (let i = 0; i < 4; i++) seen.add((at = next(at)))
    expect(seen.size).toBe(4)
    expect(at).toBe('end-end')
  })
})

describe('the shape of one’s own picture', () => {
  it('is the camera’s, whichever way it is held', () => {
    expect(aspectOf({ width: 1280, height: 720 })).toBeCloseTo(16 / 9)
    expect(aspectOf({ width: 480, height: 640 })).toBeCloseTo(3 / 4)
    expect(aspectOf({ width: 720, height: 1280 })).toBeCloseTo(9 / 16)
  })

  it('is unknown before there is one, and never a mere strip', () => {
    expect(aspectOf({ width: 0, height: 0 })).toBeUndefined()
    expect(aspectOf({ width: 3440, height: 720 })).toBe(2.4)
    expect(aspectOf({ width: 300, height: 1200 })).toBe(0.42)
  })
})

describe('the other’s picture', () => {
  it('fills the stage, a shared screen never does', () => {
    expect(fitOf({ width: 640, height: 480 }, { width: 1280, height: 800 }, false)).toBe('cover')
    expect(fitOf({ width: 640, height: 480 }, { width: 1280, height: 800 }, true)).toBe('contain')
  })

  it('loses a quarter of its height and no more: nobody is without a forehead', () => {
    expect(fitOf({ width: 640, height: 480 }, { width: 1920, height: 1080 }, false)).toBe('cover') // a quarter
    expect(fitOf({ width: 640, height: 480 }, { width: 1920, height: 1000 }, false)).toBe('contain')
    expect(fitOf({ width: 1280, height: 720 }, { width: 1920, height: 820 }, false)).toBe('cover')
    expect(fitOf({ width: 480, height: 640 }, { width: 1280, height: 800 }, false)).toBe('contain')
    expect(fitOf({ width: 720, height: 720 }, { width: 1280, height: 800 }, false)).toBe('contain')
  })

  it('loses more at its sides, where nobody is', () => {
    expect(fitOf({ width: 480, height: 640 }, { width: 390, height: 844 }, false)).toBe('cover')
    expect(fitOf({ width: 640, height: 480 }, { width: 768, height: 1024 }, false)).toBe('contain')
    expect(fitOf({ width: 1280, height: 720 }, { width: 1024, height: 768 }, false)).toBe('cover')
  })

  it('is shown whole where filling would cut most of it off', () => {
    expect(fitOf({ width: 480, height: 854 }, { width: 1280, height: 800 }, false)).toBe('contain')
    expect(fitOf({ width: 1280, height: 720 }, { width: 360, height: 740 }, false)).toBe('contain')
    expect(fitOf({ width: 640, height: 480 }, { width: 360, height: 740 }, false)).toBe('contain')
    expect(fitOf({ width: 480, height: 640 }, { width: 360, height: 740 }, false)).toBe('cover')
    expect(fitOf({ width: 720, height: 1280 }, { width: 360, height: 740 }, false)).toBe('cover')
    expect(fitOf({ width: 0, height: 0 }, { width: 360, height: 740 }, false)).toBe('cover')
  })
})
