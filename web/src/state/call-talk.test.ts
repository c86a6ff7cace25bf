import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { MutedVoice, PushToTalk } from './call-talk.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('push-to-talk', () => {
  const make = (muted: boolean) => {
    const said: boolean[] = []
    const speech = {
      muted: () => muted,
      setMuted: (on: boolean) => {
        muted = on
        said.push(on)
      },
    }
    return { talk: new PushToTalk(speech), said }
  }

  it('is heard while the key is down', () => {
    const { talk, said } = make(true)
    expect(talk.press()).toBe(true)
    expect(talk.press()).toBe(true) // the key repeats
    expect(talk.talking.value).toBe(true)
    expect(talk.release()).toBe(true)
    expect(said).toEqual([false, true])
  })

  it('does nothing for somebody who is not muted', () => {
    const { talk, said } = make(false)
    expect(talk.press()).toBe(false)
    expect(talk.release()).toBe(false)
    expect(said).toEqual([])
  })

  it('is heard while the mute button is held; a short press leaves it so', () => {
    const held = make(true)
    held.talk.press()
    held.talk.lift(1_200)
    expect(held.said).toEqual([false, true])
    const pressed = make(true)
    pressed.talk.press()
    pressed.talk.lift(90)
    expect(pressed.said).toEqual([false])
    expect(pressed.talk.talking.value).toBe(false)
    expect(pressed.talk.release()).toBe(false)
  })

  it('forgets, and mutes nobody then', () => {
    const { talk, said } = make(true)
    talk.press()
    talk.forget()
    expect(talk.release()).toBe(false)
    expect(said).toEqual([false])
  })
})

describe('a muted person who speaks', () => {
  it('is told, once it is no mere cough, and not for ever', () => {
    const voice = new MutedVoice()
    for (const level of [0.3, 0.3, 0, 0.3, 0.3, 0.3]) voice.take(level)
    expect(voice.heard.value).toBe(false)
    voice.take(0.3)
    expect(voice.heard.value).toBe(true)
    vi.advanceTimersByTime(4_000)
    expect(voice.heard.value).toBe(false)
    for (let i = 0; i < 4; i++) voice.take(0.3)
    voice.stop()
    expect(voice.heard.value).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })
})
