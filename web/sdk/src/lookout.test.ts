import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Lookout } from './lookout.ts'

let l: Lookout
let packets: number
let way: string
let looks: number
let said: string[]

beforeEach(() => {
  vi.useFakeTimers()
  packets = looks = 0
  way = 'one'
  said = []
  l = new Lookout({
    link: {
      getStats: () => {
        looks++
        return Promise.resolve(new Map<string, object>([
          ['in', { id: 'in', type: 'inbound-rtp', packetsReceived: packets, timestamp: Date.now() }],
          ['transport', { id: 'transport', type: 'transport', selectedCandidatePairId: way }],
          ['pair', { id: way, type: 'candidate-pair' }],
        ]))
      },
    },
    onSilent: () => void said.push('silent'),
    onSound: () => void said.push('sound'),
    onAnotherWay: () => void said.push('another way'),
  })
  l.start()
})

afterEach(() => {
  l.stop()
  vi.useRealTimers()
})

/** comes lets a packet in each so many milliseconds, for some seconds. */
async function comes(seconds: number, every = 20): Promise<void> {
  for (let ms = 0; ms < seconds * 1000; ms += every) {
    packets++
    await vi.advanceTimersByTimeAsync(every)
  }
}

const nothing = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1000)

describe('the lookout', () => {
  it('tells once that a steady stream has stopped, within 0.6 seconds, and that it goes on', async () => {
    await comes(4)
    await nothing(0.35)
    expect(said).toEqual([])
    await nothing(0.25)
    expect(said).toEqual(['silent'])
    await nothing(30)
    expect(said).toEqual(['silent'])
    await comes(1)
    expect(said).toEqual(['silent', 'sound'])
  })

  it('lets a hiccup pass', async () => {
    await comes(4)
    for (let i = 0; i < 5; i++) {
      await nothing(0.35)
      await comes(3)
    }
    expect(said).toEqual([])
  })

  it('knows nothing of streams that pause by nature, as of one who is silent', async () => {
    await comes(20, 400)
    await nothing(5)
    expect(said).toEqual([])
  })

  it('knows nothing before a stream has lasted, and after the other side changed it', async () => {
    await comes(1)
    await nothing(5)
    await comes(4)
    l.changed()
    await nothing(5)
    expect(said).toEqual([])
  })

  it('tells of another way, and of none that was not there before', async () => {
    await comes(1)
    expect(said).toEqual([])
    way = 'two'
    await comes(1)
    expect(said).toEqual(['another way'])
    await comes(1)
    expect(said).toEqual(['another way'])
  })

  it('that is told of a doubt tells of the next sound, where there was a steady one', async () => {
    l.doubts()
    await comes(4)
    expect(said).toEqual([])
    l.doubts()
    expect(l.alarmed).toBe(true)
    await nothing(5)
    expect(said).toEqual([])
    await comes(1)
    expect(said).toEqual(['sound'])
    expect(l.alarmed).toBe(false)
  })

  it('takes a device that slept for none that hears nothing', async () => {
    await comes(4)
    vi.setSystemTime(Date.now() + 60_000)
    await nothing(0.1)
    await comes(1)
    expect(said).toEqual([])
  })

  it('waits longer after each alarm, and forgets after a quiet minute', async () => {
    const alarms: number[] = []
    const flutter = async (seconds: number): Promise<void> => {
      for (let s = 0; s < seconds; s += 4) {
        await comes(3)
        await nothing(1)
        if (said.includes('silent')) alarms.push(s)
        said = []
      }
    }
    await comes(3)
    await flutter(160)
    expect(alarms.slice(0, 5)).toEqual([0, 8, 20, 40, 80])
    await comes(70)
    await nothing(2)
    expect(said).toEqual(['silent', 'sound'].slice(0, said.length))
    said = []
    await flutter(12)
    expect(alarms).toHaveLength(6)
  })

  it('waits no longer where a search has found another way', async () => {
    await comes(3)
    for (const next of ['two', 'three', 'four']) {
      said = []
      await nothing(1)
      way = next
      await comes(3)
      expect(said).toEqual(['silent', 'another way', 'sound'])
    }
  })

  it('stops', async () => {
    await comes(4)
    l.stop()
    l.stop()
    const before = looks
    await nothing(5)
    expect(looks).toBe(before)
    expect(said).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })
})
