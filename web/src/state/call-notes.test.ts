import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { Notes } from './call-notes.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('the latest remark stays for a while', () => {
  const notes = new Notes()
  notes.say({ kind: 'device', device: 'camera', now: 'lost', label: 'Webcam' })
  vi.advanceTimersByTime(4_000)
  notes.say({ kind: 'share_failed' })
  vi.advanceTimersByTime(4_000)
  expect(notes.note.value).toEqual({ kind: 'share_failed' })
  vi.advanceTimersByTime(2_000)
  expect(notes.note.value).toBeUndefined()
  notes.say({ kind: 'share_failed' })
  notes.clear()
  expect(vi.getTimerCount()).toBe(0)
})
