import { type CallStats } from '@ringfence/sdk'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { detailsOf, DetailsWatch, QualityWord } from './call-quality.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const gone: CallStats['out']['audio'] = {} as CallStats['out']['audio']
const figures: CallStats = { bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0, packetsIn: 0, packetsLost: 0, at: 0, codecs: {}, out: { audio: gone, video: gone } }

describe('a word about the connection', () => {
  const after = (...looks: ('good' | 'fair' | 'poor')[]) => {
    const quality = new QualityWord()
    for (const q of looks) quality.take(q)
    return quality.word.value
  }

  it('is said only when it is worth one', () => {
    expect(after('good', 'fair', 'good')).toBeUndefined()
    expect(after('poor')).toBeUndefined()
    expect(after('poor', 'good', 'poor')).toBeUndefined()
    expect(after('poor', 'poor')).toBe('weak')
    expect(after('poor', 'poor', 'good', 'fair', 'good')).toBe('weak')
    expect(after('poor', 'poor', 'good', 'fair', 'good', 'good')).toBe('good')
    expect(after('poor', 'poor', ...Array<'good'>(9).fill('good'))).toBeUndefined()
    expect(after('poor', 'poor', 'good', 'good', 'good', 'good', 'poor', 'poor')).toBe('weak')
  })
})

describe('the details', () => {
  it('leave out what nobody knows', () => {
    expect(detailsOf(figures)).toEqual([])
    expect(detailsOf({ ...figures, framesPerSecondIn: 0, sizeIn: { width: 0, height: 0 } })).toEqual([])
  })

  it('say each thing once', () => {
    const told: CallStats = {
      ...figures, path: 'relayed', transport: 'tls', roundTripMs: 40, jitterMs: 3, lossIn: 0.01, kbitIn: 12, kbitOut: 13,
      sizeIn: { width: 640, height: 480 }, framesPerSecondIn: 24, codecs: { audioIn: 'opus', audioOut: 'opus', videoIn: 'VP8', videoOut: 'H264' },
    }
    expect(detailsOf(told)).toEqual([
      { kind: 'path', path: 'relayed', transport: 'tls' },
      { kind: 'trip', ms: 40 },
      { kind: 'jitter', ms: 3 },
      { kind: 'loss', in: 0.01, out: undefined },
      { kind: 'rate', in: 12, out: 13 },
      { kind: 'size', in: '640 × 480', out: undefined },
      { kind: 'frames', in: 24, out: undefined },
      { kind: 'codecs', names: ['opus', 'VP8', 'H264'] },
    ])
  })

  it('are read once a second, while somebody looks', async () => {
    let reads = 0
    const watch = new DetailsWatch(() => Promise.resolve({ ...figures, kbitIn: ++reads }))
    watch.start()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(reads).toBe(3)
    expect(watch.details.value).toEqual([{ kind: 'rate', in: 3, out: undefined }])
    watch.stop()
    expect(vi.getTimerCount()).toBe(0)
    expect(watch.details.value).toEqual([])
  })
})
