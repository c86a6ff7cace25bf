import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { FakeTrack } from '../test/fakes.ts'
import { Chain, type Effect, type Processed } from './effects.ts'

const track = (kind: 'audio' | 'video' = 'video'): MediaStreamTrack => new FakeTrack(kind) as unknown as MediaStreamTrack

/** Work is one use of an effect, in the hands of a test. */
interface Work {
  readonly source: MediaStreamTrack
  readonly done: () => Processed & { readonly stop: ReturnType<typeof vi.fn> }
  readonly fail: () => void
}

function workshop(): { effect: Effect; works: Work[]; last: () => Work } {
  const works: Work[] = []
  const effect: Effect = (source) =>
    new Promise((resolve, reject) => {
      works.push({
        source,
        done: () => {
          const processed = { track: track(), stop: vi.fn() }
          resolve(processed)
          return processed
        },
        fail: () => reject(new Error('no model')),
      })
    })
  const last = (): Work => {
    const work = works.at(-1)
    if (work === undefined) throw new Error('nothing was asked of the effect')
    return work
  }
  return { effect, works, last }
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

let failed: number
const chain = (device: 'camera' | 'microphone', effect?: Effect): Chain => {
  const made = new Chain(device, effect)
  made.on('failed', () => failed++)
  return made
}

beforeEach(() => {
  failed = 0
  vi.useFakeTimers()
})
afterEach(() => vi.useRealTimers())

describe('without an effect', () => {
  it('comes out what goes in, at once', () => {
    const c = chain('camera')
    const source = track()
    void c.setSource(source)
    expect(c.out).toBe(source)
    void c.setSource(undefined)
    expect(c.out).toBeUndefined()
  })
})

describe('a camera with an effect', () => {
  it('never comes out as it is', async () => {
    const { effect, last } = workshop()
    const c = chain('camera', effect)
    const outs: unknown[] = []
    c.on('out', () => void outs.push(c.out))
    const source = track()
    void c.setSource(source)
    expect(c.out).toBeUndefined()
    const { track: blurred } = last().done()
    await settle()
    expect(c.out).toBe(blurred)
    expect(outs).toEqual([blurred])
  })

  it('is withheld while its first effect is being made', async () => {
    const { effect, last } = workshop()
    const c = chain('camera')
    void c.setSource(track())
    void c.setEffect(effect)
    expect(c.out).toBeUndefined()
    const { track: blurred } = last().done()
    await settle()
    expect(c.out).toBe(blurred)
  })

  it('keeps the effect before until the next is there', async () => {
    const [one, two] = [workshop(), workshop()]
    const c = chain('camera', one.effect)
    void c.setSource(track())
    const first = one.last().done()
    await settle()
    void c.setEffect(two.effect)
    expect(c.out).toBe(first.track)
    const second = two.last().done()
    await settle()
    expect(c.out).toBe(second.track)
    expect(first.stop).toHaveBeenCalledOnce()
    void c.setEffect(undefined)
    expect(second.stop).toHaveBeenCalledOnce()
    expect(c.out).toBe(two.last().source)
  })

  it.each(['fails', 'throws', 'does not come'])('comes not out at all where it %s', async (how) => {
    const { effect, last } = workshop()
    const c = chain('camera', how === 'throws' ? () => { throw new Error('at once') } : effect)
    void c.setSource(track())
    if (how === 'fails') last().fail()
    if (how === 'does not come') await vi.advanceTimersByTimeAsync(20_000)
    await settle()
    expect(c.out).toBeUndefined()
    expect(failed).toBe(1)
    if (how !== 'does not come') return
    const late = last().done()
    await settle()
    expect(late.stop).toHaveBeenCalledOnce()
    expect(c.out).toBeUndefined()
  })

  it('stops when its effect dies', async () => {
    const { effect, last } = workshop()
    const c = chain('camera', effect)
    void c.setSource(track())
    const processed = last().done()
    await settle()
    ;(processed.track as unknown as FakeTrack).unplug()
    expect(c.out).toBeUndefined()
    expect(failed).toBe(1)
    expect(processed.stop).toHaveBeenCalledOnce()
  })

  it('ends the work for a source that is gone', async () => {
    const { effect, works } = workshop()
    const c = chain('camera', effect)
    void c.setSource(track())
    const next = track()
    void c.setSource(next)
    const [old, present] = works.map((w) => w.done())
    await settle()
    expect(old?.stop).toHaveBeenCalledOnce()
    expect(c.out).toBe(present?.track)
    c.stop()
    expect(present?.stop).toHaveBeenCalledOnce()
    expect(c.out).toBeUndefined()
  })
})

describe('a microphone with an effect', () => {
  it('is heard as it is until the effect is there, and where it fails', async () => {
    const { effect, last } = workshop()
    const c = chain('microphone', effect)
    const source = track('audio')
    void c.setSource(source)
    expect(c.out).toBe(source)
    const quiet = last().done()
    await settle()
    expect(c.out).toBe(quiet.track)
    ;(quiet.track as unknown as FakeTrack).unplug()
    expect(c.out).toBe(source)
    const other = track('audio')
    void c.setSource(other)
    last().fail()
    await settle()
    expect(c.out).toBe(other)
    expect(failed).toBe(2)
  })
})
