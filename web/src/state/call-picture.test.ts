import { describe, expect, it } from 'vitest'

import { PictureWatch } from './call-picture.ts'

const looks = (watch: PictureWatch, ...frames: number[]): string => {
  for (const n of frames) watch.take(n)
  return watch.arrival.value
}

describe('the other’s picture', () => {
  it('is not waited for where none is meant to come', () => {
    const watch = new PictureWatch()
    watch.first()
    expect(looks(watch, 0, 0, 0, 0, 0)).toBe('none')
  })

  it('comes soon, or is missing after a while, and may come then', () => {
    const watch = new PictureWatch()
    watch.expect(true)
    expect(looks(watch, 0, 0)).toBe('soon')
    expect(looks(watch, 0)).toBe('missing')
    expect(looks(watch, 1)).toBe('comes')
  })

  it('is there with its first frame, before any look', () => {
    const watch = new PictureWatch()
    watch.expect(true)
    watch.first()
    expect(watch.arrival.value).toBe('comes')
  })

  it('has stopped when nothing new comes, and goes on', () => {
    const watch = new PictureWatch()
    watch.expect(true)
    expect(looks(watch, 30, 60, 60, 60, 60)).toBe('comes')
    expect(looks(watch, 60)).toBe('stopped')
    expect(looks(watch, 61)).toBe('comes')
  })

  it('begins anew when it was away on purpose', () => {
    const watch = new PictureWatch()
    watch.expect(true)
    expect(looks(watch, 30)).toBe('comes')
    watch.expect(false)
    expect(looks(watch, 30, 30, 30, 30, 30)).toBe('none')
    watch.expect(true)
    expect(looks(watch, 0)).toBe('soon') // it is counted anew
  })
})
