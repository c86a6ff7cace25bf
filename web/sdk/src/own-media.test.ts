// What a call sends and tells of it: screens, effects, cameras that are
// swapped, a picture that waits.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { fresh, other, type Phone, phone, talks } from '../test/calling.ts'
import { berta, FakeTrack, settle, world } from '../test/fakes.ts'
import { type Call } from './call.ts'
import { type DeviceEvent } from './devices.ts'
import { type Effect, type Processed } from './effects.ts'
import { Preview } from './preview.ts'

let p: Phone

beforeEach(() => {
  vi.useFakeTimers()
  p = phone()
})

afterEach(() => {
  p.signal.close()
  vi.useRealTimers()
})

const told = (): unknown => p.hub.last('media').json
const as = (t: FakeTrack | undefined): MediaStreamTrack => t as unknown as MediaStreamTrack
const asFake = (t: unknown): FakeTrack => t as FakeTrack
const changed = (kind: 'audio' | 'video'): Processed => ({ track: as(new FakeTrack(kind, 'changed')), stop: vi.fn() })
const tick = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1000)

/** What a machine that mixes sounds hears. */
class FakeContext {
  static made: FakeContext[] = []
  static runs = true
  readonly inputs = new Set<unknown>()
  readonly out = new FakeTrack('audio', 'mixed')
  closed = false

  constructor() {
    FakeContext.made.push(this)
  }

  createMediaStreamDestination(): unknown {
    return { stream: { getTracks: () => [this.out] } }
  }

  createMediaStreamSource(stream: MediaStream): unknown {
    const [track] = stream.getTracks()
    return { connect: () => this.inputs.add(track), disconnect: () => this.inputs.delete(track) }
  }

  resume = (): Promise<void> => (FakeContext.runs ? Promise.resolve() : new Promise(() => undefined))
  close = (): Promise<void> => Promise.resolve(void (this.closed = true))
}

describe('a screen', () => {
  beforeEach(() => {
    FakeContext.made = []
    FakeContext.runs = true
    p.signal.close()
    p = phone(world({ createAudioContext: () => new FakeContext() as unknown as AudioContext }))
  })

  it('takes the place of the camera, and gives it back', async () => {
    const call = await talks(p)
    const camera = p.devices.live('video')
    const shown = call.setScreen(true)
    expect(p.devices.askedScreen).toHaveLength(1) // at once, in the press
    await shown
    await settle()
    const screen = p.devices.live('video')
    expect(screen).not.toBe(camera)
    expect(screen?.contentHint).toBe('detail')
    expect(p.peer().sends('video')).toBe(screen)
    expect(call).toMatchObject({ screen: true, camera: true })
    expect(told()).toEqual({ audio: true, video: true, screen: true })
    expect(call.localStream?.getTracks()).toEqual([p.devices.live('audio'), screen])
    screen?.unplug() // in the browser's own bar
    await settle()
    expect(p.peer().sends('video')).toBe(camera)
    expect(camera?.readyState).toBe('live')
    expect(told()).toEqual({ audio: true, video: true })
    expect(call.screen).toBe(false)
  })

  it('needs no camera, and leaves none on', async () => {
    const call = await talks(p, false)
    await call.setScreen(true)
    await settle()
    expect(told()).toEqual({ audio: true, video: true, screen: true })
    expect(call.camera).toBe(false)
    await call.setScreen(false)
    await settle()
    expect(p.devices.live('video')).toBeUndefined()
    expect(p.peer().sends('video')).toBeNull()
    expect(told()).toEqual({ audio: true, video: false })
  })

  it('that is not picked changes nothing', async () => {
    const call = await talks(p)
    const before = p.hub.got('media').length
    p.devices.screen = undefined
    await call.setScreen(true)
    await settle()
    expect(call).toMatchObject({ screen: false, problem: undefined })
    expect(p.hub.got('media')).toHaveLength(before)
  })

  it('is asked for once, and closed where it comes too late', async () => {
    const call = await talks(p)
    let pick = (): void => undefined
    p.devices.wait = new Promise((resolve) => (pick = resolve))
    const asking = [call.setScreen(true), call.setScreen(true)]
    expect(p.devices.askedScreen).toHaveLength(1)
    call.hangUp()
    pick()
    await Promise.all(asking)
    expect(p.devices.tracks.every((t) => t.readyState === 'ended')).toBe(true)
    await call.setScreen(true)
    expect(p.devices.askedScreen).toHaveLength(1)
  })

  it('ends with the call', async () => {
    const call = await talks(p)
    await call.setScreen(true)
    call.hangUp()
    expect(p.devices.tracks.every((t) => t.readyState === 'ended')).toBe(true)
  })

  it('is never shown because the other side says something', async () => {
    const call = await talks(p)
    for (const body of [{ audio: true, video: true, screen: true, held: true }, { audio: 1, video: 'x' }, { audio: true, video: true, screen: null }, [], 'no', null]) {
      p.hub.send({ kind: 'media', call: call.id, from: other, body: body as never })
    }
    await settle()
    expect(call.state).toBe('connected')
    expect(call.remote).toEqual({ audio: true, video: true, screen: true, held: true })
    expect(p.devices.askedScreen).toEqual([])
    expect(call.screen).toBe(false)
  })

  it('is not to be had where the browser has no such thing', async () => {
    const { getUserMedia, enumerateDevices } = p.devices
    p.signal.close()
    p = phone(world({ media: { getUserMedia, enumerateDevices } }))
    const call = await talks(p)
    expect(call.canShareScreen).toBe(false)
    await call.setScreen(true)
    expect(call.screen).toBe(false)
  })

  it('brings its sound along, mixed with the voice', async () => {
    const call = await talks(p)
    const voice = p.devices.live('audio')
    p.devices.screen = ['video', 'audio']
    await call.setScreen(true)
    await settle()
    const [context] = FakeContext.made
    const film = p.devices.live('audio')
    expect(film).not.toBe(voice)
    expect(p.peer().sends('audio')).toBe(context?.out)
    expect([...(context?.inputs ?? [])]).toEqual([voice, film])
    await call.setMicrophoneDevice('other')
    await settle()
    expect([...(context?.inputs ?? [])]).toEqual([film, p.devices.live('audio')])
    expect(p.peer().sends('audio')).toBe(context?.out)
    await call.setScreen(false)
    await settle()
    expect(p.peer().sends('audio')).toBe(p.devices.live('audio'))
    expect(context?.closed).toBe(true)
  })

  it('never silences the voice where nothing can be mixed', async () => {
    FakeContext.runs = false
    const call = await talks(p)
    const voice = p.devices.live('audio')
    p.devices.screen = ['video', 'audio']
    await call.setScreen(true)
    await settle()
    expect(p.peer().sends('audio')).toBe(voice)
  })
})

describe('effects', () => {
  const start = async (effects: { camera?: Effect; microphone?: Effect }): Promise<Call> => {
    p.calls.settings = { relay: 'auto', effects }
    return talks(p)
  }

  it('change what is sent, from the start', async () => {
    const blurred = changed('video')
    const call = await start({ camera: () => Promise.resolve(blurred) })
    expect(p.peer().sends('video')).toBe(blurred.track)
    expect(call.localStream?.getTracks()).toContain(blurred.track)
    expect(p.peer().transceivers.flatMap((t) => t.sender.replaced)).not.toContain(p.devices.live('video'))
    call.hangUp()
    expect(blurred.stop).toHaveBeenCalledOnce()
    expect(p.devices.live('video')).toBeUndefined()
  })

  it('that fail turn the camera off, and say why until it is tried again', async () => {
    const call = await start({ camera: () => Promise.reject(new Error('no model')) })
    expect(call.problem).toEqual({ kind: 'effect', device: 'camera', blocking: false })
    expect(call.camera).toBe(false)
    expect(p.devices.live('video')).toBeUndefined()
    expect(told()).toEqual({ audio: true, video: false })
    expect(p.peer().transceivers.flatMap((t) => t.sender.replaced).filter((t) => t?.kind === 'video')).toEqual([])
    await call.setEffects({})
    expect(call.problem).toBeUndefined()
    await call.setCamera(true)
    await settle()
    expect(p.peer().sends('video')).toBe(p.devices.live('video'))
  })

  it('stay with another camera, and with a microphone that is muted', async () => {
    const sources: unknown[] = []
    const call = await start({ camera: (t) => (sources.push(t), Promise.resolve(changed('video'))), microphone: (t) => (sources.push(t), Promise.resolve(changed('audio'))) })
    call.setMuted(true)
    await call.setCameraDevice('other')
    await call.setMicrophoneDevice('other')
    await settle()
    expect(sources).toHaveLength(4)
    expect(asFake(p.peer().sends('video')).label).toBe('changed')
    expect(p.devices.live('audio')?.enabled).toBe(false)
    expect(p.devices.tracks.filter((t) => t.readyState === 'live')).toHaveLength(2)
  })
})

describe('in mid-call', () => {
  it('begins muted where that is wanted', async () => {
    p.calls.settings = { relay: 'auto', startMuted: true }
    const call = await talks(p)
    expect(call.muted).toBe(true)
    expect(p.devices.live('audio')?.enabled).toBe(false)
    expect(told()).toEqual({ audio: false, video: true })
  })

  it('tells that a device gave way to another', async () => {
    const call = await talks(p)
    const events: DeviceEvent[] = []
    call.on('device', (e) => void events.push(e))
    p.devices.live('audio')?.unplug()
    await settle()
    expect(events).toEqual([{ device: 'microphone', now: 'switched', label: 'audio 3' }])
    expect(p.peer().sends('audio')).toBe(p.devices.live('audio'))
    expect(call.problem).toBeUndefined()
  })

  it('gets the voice back with the next microphone, and opens no camera by itself', async () => {
    const call = await talks(p)
    p.devices.errors = { audio: 'NotFoundError', video: 'NotFoundError' }
    p.devices.live('audio')?.unplug()
    p.devices.live('video')?.unplug()
    await settle()
    expect(told()).toEqual({ audio: false, video: false })
    p.devices.changes()
    await settle()
    expect(call.problem).toMatchObject({ kind: 'no_microphone', blocking: false })
    p.devices.errors = {}
    p.devices.changes()
    await settle()
    expect(told()).toEqual({ audio: true, video: false })
    expect(call.problem).toBeUndefined()
    const asked = p.devices.asked.length
    p.devices.changes()
    call.hangUp()
    p.devices.changes()
    await settle()
    expect(p.devices.asked).toHaveLength(asked)
  })

  it('swaps to the camera that looks the other way', async () => {
    p.devices.settings = { video: { facingMode: 'user', deviceId: 'front' } }
    const call = await talks(p)
    expect(call.facing).toBe('user')
    expect(call.using).toEqual({ camera: 'front' })
    p.devices.settings = { video: { facingMode: 'environment', deviceId: 'back' } }
    await call.swapCamera()
    expect(p.devices.asked.at(-1)).toMatchObject({ audio: false, video: { facingMode: { ideal: 'environment' } } })
    expect(call.facing).toBe('environment')
    expect(p.devices.tracks.filter((t) => t.kind === 'video' && t.readyState === 'live')).toHaveLength(1)
  })

  it('swaps to the next camera where none says which way it looks', async () => {
    p.devices.settings = { video: { deviceId: 'one' } }
    p.devices.list = ['one', 'two', 'three'].map((deviceId) => ({ kind: 'videoinput', deviceId, label: deviceId }))
    const call = await talks(p)
    await call.swapCamera()
    expect(p.devices.asked.at(-1)).toMatchObject({ video: { deviceId: { ideal: 'two' } } })
    p.devices.list = p.devices.list.slice(0, 1)
    const asked = p.devices.asked.length
    await call.swapCamera()
    expect(p.devices.asked).toHaveLength(asked)
  })

  it('makes room where a phone opens one camera at a time', async () => {
    p.devices.settings = { video: { facingMode: 'user' } }
    const call = await talks(p)
    const front = p.devices.live('video')
    const open = p.devices.getUserMedia
    p.devices.getUserMedia = (wanted) => {
      p.devices.errors = front?.readyState === 'live' ? { video: 'NotReadableError' } : {}
      return open(wanted)
    }
    p.devices.settings = { video: { facingMode: 'environment' } }
    await call.swapCamera()
    await settle()
    expect(call).toMatchObject({ facing: 'environment', problem: undefined, camera: true })
    expect(p.peer().sends('video')).toBe(p.devices.live('video'))
  })

  it('closes a camera that opens after it was switched off', async () => {
    const call = await talks(p, false)
    let open = (): void => undefined
    p.devices.wait = new Promise((resolve) => (open = resolve))
    const on = call.setCamera(true)
    await call.setCamera(false)
    open()
    await on
    expect(call.camera).toBe(false)
    expect(p.devices.live('video')).toBeUndefined()
  })
})

describe('a network without room', () => {
  const report = (at: number, loss: number): Record<string, unknown>[] => [
    { id: 'v', type: 'outbound-rtp', kind: 'video', packetsSent: at / 10, timestamp: at },
    { id: 'r', type: 'remote-inbound-rtp', kind: 'video', fractionLost: loss, timestamp: at },
  ]

  it('holds the picture with the camera open, says so, and lets it go again', async () => {
    const call = await talks(p)
    for (let i = 1; i <= 8; i++) {
      p.peer().stats = report(i * 1000, 0.5)
      await tick()
    }
    expect(call).toMatchObject({ held: true, camera: true })
    expect(told()).toEqual({ audio: true, video: true, held: true })
    const [sound, picture] = p.peer().transceivers
    expect(picture?.sender.parameters.encodings[0]).toMatchObject({ active: false, networkPriority: 'low' })
    expect(sound?.sender.parameters.encodings[0]).toMatchObject({ networkPriority: 'high' })
    expect(sound?.sender.parameters.encodings[0]).not.toHaveProperty('active')
    expect(p.devices.live('video')).toBeDefined()
    for (let i = 9; i <= 20; i++) {
      p.peer().stats = report(i * 1000, 0)
      await tick()
    }
    expect(call.held).toBe(false)
    expect(told()).toEqual({ audio: true, video: true })
    expect(picture?.sender.parameters.encodings[0]).toMatchObject({ active: true })
  })

  it('says to a connection with another device what it may use', async () => {
    const call = await talks(p)
    const limits = (): unknown => p.peer().transceivers[1]?.sender.parameters.encodings[0]?.maxBitrate
    p.peer().stats = report(1000, 0)
    await tick()
    expect(limits()).toBe(1_500_000)
    const another = { account: berta, device: 'deviceeaaaaaaaaaaaaaaaaaae' }
    p.hub.send({ kind: 'answered', call: call.id, body: { media: 'video', peer: another, moved: true } })
    await settle()
    p.hub.send({ kind: 'servers', call: call.id, body: { servers: fresh } })
    await settle()
    p.peer().become('connected')
    expect(limits()).toBeUndefined()
    p.peer().stats = report(2000, 0)
    await tick()
    await tick()
    expect(limits()).toBe(1_500_000)
  })

  it('holds nothing where no picture is sent', async () => {
    const call = await talks(p, false)
    for (let i = 1; i <= 8; i++) {
      p.peer().stats = report(i * 1000, 0.5)
      await tick()
    }
    expect(call.held).toBe(false)
    expect(told()).toEqual({ audio: true, video: false })
  })

  it('is no matter to a browser that takes no wishes', async () => {
    const call = await talks(p)
    for (const t of p.peer().transceivers) t.sender.setParameters = () => Promise.reject(new Error('InvalidModificationError'))
    await tick()
    expect(call.state).toBe('connected')
  })
})

describe('a preview', () => {
  it('opens what a call would, and closes it', async () => {
    const w = world()
    const preview = new Preview(w.env, { video: true, microphone: 'mic' })
    const heard = vi.fn()
    preview.on('change', heard)
    await settle()
    expect(w.devices.asked).toMatchObject([{ audio: { deviceId: { ideal: 'mic' }, echoCancellation: true } }])
    expect(preview.stream?.getTracks().map((t) => t.kind)).toEqual(['audio', 'video'])
    expect(heard).toHaveBeenCalled()
    await preview.setCamera(false)
    expect(preview.stream?.getTracks().map((t) => t.kind)).toEqual(['audio'])
    preview.close()
    expect(w.devices.tracks.every((t) => t.readyState === 'ended')).toBe(true)
  })

  it.each([true, false])('shows the camera where there is no microphone, allowed before: %s', async (before) => {
    const w = world()
    w.allow.microphone = w.allow.camera = before
    w.devices.errors = { both: 'NotFoundError', audio: 'NotFoundError' }
    const preview = new Preview(w.env, { video: true })
    await settle()
    expect(preview.problem).toEqual({ kind: 'no_microphone', device: 'microphone', blocking: false })
    expect(preview.stream?.getTracks().map((t) => t.kind)).toEqual(['video'])
    w.devices.errors = {}
    await preview.retry()
    expect(preview.problem).toBeUndefined()
    expect(preview.stream?.getTracks()).toHaveLength(2)
  })
})
