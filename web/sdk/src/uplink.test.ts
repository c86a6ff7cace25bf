import { describe, expect, it, vi } from 'vitest'

import { heldRung } from './ladder.ts'
import { type CallStats, digest } from './stats.ts'
import { figuresOf, type Sign, type Tuning, tunePicture, tuneSound, tuningOf, Uplink, wholePicture } from './uplink.ts'

interface Told {
  readonly at: number
  readonly loss?: number
  readonly packets?: number
  readonly silent?: boolean
}

/** stats are those of a call whose other side reported just now, or never. */
function stats({ at, loss = 0, packets = at / 10, silent = false }: Told): CallStats {
  const entries = [
    { id: 'v', type: 'outbound-rtp', kind: 'video', packetsSent: packets, bytesSent: packets * 100, timestamp: at },
    { id: 'a', type: 'outbound-rtp', kind: 'audio', packetsSent: 2, bytesSent: 9, timestamp: at },
    ...(silent ? [] : [{ id: 'r', type: 'remote-inbound-rtp', kind: 'video', fractionLost: loss, packetsLost: 1, roundTripTime: 0.08, timestamp: at - 5 }]),
  ]
  return digest(new Map(entries.map((e) => [e.id, e])))
}

describe('the figures', () => {
  it('are what the other side reported since', () => {
    expect(figuresOf(stats({ at: 2000, loss: 0.2 }), stats({ at: 1000 }))).toEqual({ at: 2000, loss: 0.2, roundTripMs: 80, room: undefined, sent: undefined })
  })

  it('have no loss where nothing was reported', () => {
    const now = stats({ at: 2000, loss: 0.2 })
    expect(figuresOf(now, { ...stats({ at: 1000 }), out: now.out }).loss).toBeUndefined()
    expect(figuresOf(stats({ at: 2000, silent: true }), stats({ at: 1000, silent: true })).loss).toBeUndefined()
    expect(figuresOf(now, undefined).loss).toBeUndefined()
  })

  it('make nothing of a handful of packets', () => {
    expect(figuresOf(stats({ at: 2000, loss: 1, packets: 3 }), stats({ at: 1000, packets: 0 })).loss).toBe(0)
  })
})

describe('the uplink', () => {
  const uplink = (): { up: Uplink; told: Tuning[]; onHeld: () => void; feed: (n: number, loss?: number, sign?: Sign) => void; at: () => number } => {
    const told: Tuning[] = []
    const onHeld = vi.fn()
    const up = new Uplink({ tune: (t) => void told.push(t), onHeld })
    let at = 1000
    let before: CallStats | undefined
    const feed = (n: number, loss?: number, sign: Sign = 'beats'): void => {
      for (let i = 0; i < n; i++) {
        at += 1000
        const now = stats(loss === undefined ? { at, silent: true } : { at, loss })
        up.take(now, before, sign)
        before = now
      }
    }
    return { up, told, onHeld, feed, at: () => at }
  }

  it('tells once what is to be sent', () => {
    const { told, feed } = uplink()
    feed(5, 0)
    expect(told).toEqual([{ active: true, kbit: 1500, scale: 1, framesPerSecond: 30, soundKbit: 64, keep: 'maintain-framerate' }])
  })

  it('holds the picture and lets it go again', () => {
    const { up, told, onHeld, feed } = uplink()
    feed(8, 0.5)
    expect(up.held).toBe(true)
    expect(told.at(-1)).toMatchObject({ active: false, soundKbit: 24 })
    expect(onHeld).toHaveBeenCalledTimes(1)
    feed(8, 0)
    expect(up.held).toBe(false)
    expect(told.at(-1)).toMatchObject({ active: true, kbit: 100 })
    expect(onHeld).toHaveBeenCalledTimes(2)
  })

  it('takes a way that is gone for no narrow one, and what was lost in the gap for no sign of one', () => {
    const { up, told, feed, at } = uplink()
    feed(3, 0)
    feed(30, 0.9, 'none')
    feed(1, undefined, 'returned')
    feed(2) // the browser finds out, and nobody reports
    feed(2, 0.9) // two reports of the gap
    expect(told).toHaveLength(1)
    expect(up.held).toBe(false)
    feed(6, 0.9) // it is narrow after all
    expect(up.held).toBe(true)
    expect(at()).toBe(45_000)
  })

  it('takes what was lost before the media took another way for no sign of that one', () => {
    const { up, told, at } = uplink()
    let before: CallStats | undefined
    for (let i = 1; i < 12; i++) {
      const now = { ...stats({ at: at() + i * 1000, loss: i < 4 ? 0 : 0.9 }), way: i < 4 ? 'wifi' : 'mobile' }
      up.take(now, before)
      before = now
      if (i === 6) expect(told).toHaveLength(1) // two reports, and the browser finds out
    }
    expect(up.held).toBe(true) // it is narrow after all
  })

  it('lets a held picture go after a gap as after any good time', () => {
    const { up, feed } = uplink()
    feed(8, 0.5)
    expect(up.held).toBe(true)
    feed(20, 0, 'none')
    feed(1, 0, 'returned')
    feed(7, 0)
    expect(up.held).toBe(true)
    feed(4, 0)
    expect(up.held).toBe(false)
  })

  it('tells the senders of another connection all that it told those before', () => {
    const { up, told, onHeld, feed } = uplink()
    feed(3, 0)
    up.renew()
    expect(told).toHaveLength(1)
    expect(onHeld).not.toHaveBeenCalled()
    feed(1, 0)
    expect(told).toHaveLength(2)
    expect(told[1]).toEqual(told[0])
    feed(8, 0.5)
    expect(up.held).toBe(true)
    up.renew()
    expect(up.held).toBe(false)
    expect(onHeld).toHaveBeenCalledTimes(2)
    feed(1, 0)
    expect(told.at(-1)).toEqual(told[0])
  })

  it('keeps the letters of a screen sharp', () => {
    const { up, told, feed } = uplink()
    up.shows(true)
    expect(told).toEqual([])
    feed(1, 0)
    expect(told.at(-1)).toMatchObject({ scale: 1, framesPerSecond: 15, keep: 'maintain-resolution' })
    up.shows(false)
    expect(told.at(-1)).toMatchObject({ framesPerSecond: 30, keep: 'maintain-framerate' })
    expect(tuningOf(heldRung, true)).toMatchObject({ active: false, scale: 1 })
  })
})

describe('a sender', () => {
  const sender = (encodings: RTCRtpEncodingParameters[]): { sender: RTCRtpSender; set: RTCRtpSendParameters[] } => {
    const set: RTCRtpSendParameters[] = []
    const fake = { getParameters: () => ({ encodings }), setParameters: (p: RTCRtpSendParameters) => Promise.resolve(void set.push(p)) }
    return { sender: fake as unknown as RTCRtpSender, set }
  }

  it('of a picture is told all of it', async () => {
    const { sender: s, set } = sender([{}])
    await tunePicture(s, tuningOf(2, false))
    expect(set).toEqual([{
      encodings: [{ active: true, maxBitrate: 250_000, maxFramerate: 24, scaleResolutionDownBy: 2, priority: 'low', networkPriority: 'low' }],
      degradationPreference: 'maintain-framerate',
    }])
  })

  it('of sound goes first, and is never switched off', async () => {
    const { sender: s, set } = sender([{}])
    await tuneSound(s, tuningOf(heldRung, false))
    expect(set).toEqual([{ encodings: [{ maxBitrate: 24_000, priority: 'high', networkPriority: 'high' }] }])
  })

  it('begins its picture anew by a moment without, and leaves one alone that is held', async () => {
    const active: unknown[] = []
    const sending = (encoding: RTCRtpEncodingParameters): RTCRtpSender => ({
      getParameters: () => ({ encodings: [{ ...encoding }] }),
      setParameters: ({ encodings: [e] }: RTCRtpSendParameters) => Promise.resolve(void active.push(e)),
    }) as unknown as RTCRtpSender
    await wholePicture(sending({ active: false }))
    expect(active).toEqual([])
    await wholePicture(sending({ active: true, maxBitrate: 7 }))
    expect(active).toEqual([{ active: false, maxBitrate: 7 }, { active: true, maxBitrate: 7 }])
  })

  it('that has agreed upon nothing yet is left alone', async () => {
    const { sender: s, set } = sender([])
    await tunePicture(s, tuningOf(0, false))
    await wholePicture(s)
    expect(set).toEqual([])
  })
})
