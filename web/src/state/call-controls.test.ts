import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { guardFor, Shade, shadeAfter } from './call-controls.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the controls of a call', () => {
  it('stay while there is no picture', () => {
    const shade = new Shade()
    shade.stir()
    vi.advanceTimersByTime(60_000)
    expect(shade.shown.value).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leave a picture after a while without a move, and are back at the next', () => {
    const shade = new Shade()
    shade.allow(true)
    vi.advanceTimersByTime(shadeAfter - 1)
    expect(shade.shown.value).toBe(true)
    shade.stir()
    vi.advanceTimersByTime(shadeAfter - 1)
    expect(shade.shown.value).toBe(true)
    vi.advanceTimersByTime(1)
    expect(shade.shown.value).toBe(false)
    shade.stir()
    expect(shade.shown.value).toBe(true)
    expect(shade.ready.value).toBe(true)
  })

  it('are back when the picture goes', () => {
    const shade = new Shade()
    shade.allow(true)
    vi.advanceTimersByTime(shadeAfter)
    shade.allow(false)
    expect(shade.shown.value).toBe(true)
    vi.advanceTimersByTime(60_000)
    expect(shade.shown.value).toBe(true)
  })

  it('stay while somebody needs them', () => {
    let needed = true
    const shade = new Shade(() => needed)
    shade.allow(true)
    vi.advanceTimersByTime(shadeAfter * 3)
    expect(shade.shown.value).toBe(true)
    needed = false
    vi.advanceTimersByTime(shadeAfter)
    expect(shade.shown.value).toBe(false)
  })

  it('can’t be pressed by the touch that brings them back', () => {
    const shade = new Shade()
    shade.allow(true)
    vi.advanceTimersByTime(shadeAfter)
    expect(shade.ready.value).toBe(false)
    shade.stir(true)
    expect(shade.shown.value).toBe(true)
    expect(shade.ready.value).toBe(false)
    vi.advanceTimersByTime(guardFor)
    expect(shade.ready.value).toBe(true)
  })

  it('leave no timer behind', () => {
    const shade = new Shade()
    shade.allow(true)
    shade.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
