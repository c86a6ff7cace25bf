import { beforeEach, describe, expect, it } from 'vitest'

import { domError, world, type World } from '../test/fakes.ts'
import { listDevices, mediaErrorKind, type MediaProblem } from './devices.ts'
import { LocalMedia } from './media.ts'
import { OwnSide } from './own-side.ts'

let w: World

beforeEach(() => {
  w = world()
})

/** settle lets promises that are ready run. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

describe('what browsers throw', () => {
  it.each([
    ['NotFoundError', 'camera', 'no_camera'],
    ['NotFoundError', 'microphone', 'no_microphone'],
    ['OverconstrainedError', 'camera', 'no_camera'],
    ['NotAllowedError', 'camera', 'denied'],
    ['SecurityError', 'microphone', 'denied'],
    ['NotReadableError', 'camera', 'in_use'],
    ['AbortError', 'microphone', 'in_use'],
    ['InsecureError', 'microphone', 'insecure'],
    ['TypeError', 'camera', 'unknown'],
  ] as const)('%s of the %s is %s', (name, device, kind) => {
    expect(mediaErrorKind(domError(name), device)).toBe(kind)
  })

  it.each([undefined, null, 'text'])('%o is unknown', (thrown) => {
    expect(mediaErrorKind(thrown, 'camera')).toBe('unknown')
  })
})

describe('opening devices', () => {
  const both = { audio: true, video: true }

  it('asks for both at once, with what a call needs', async () => {
    const media = new LocalMedia(w.env, { microphone: 'mic', camera: 'cam' })
    expect(await media.acquire(both)).toBeUndefined()
    expect(w.devices.asked).toMatchObject([
      { audio: { echoCancellation: true, deviceId: { ideal: 'mic' } }, video: { frameRate: { ideal: 30 }, deviceId: { ideal: 'cam' } } },
    ])
    expect([media.microphone, media.camera]).toEqual([w.devices.live('audio'), w.devices.live('video')])
  })

  it.each([
    ['NotFoundError', 'no_camera'],
    ['NotAllowedError', 'denied'],
    ['NotReadableError', 'in_use'],
  ])('goes on without a camera: %s', async (error, kind) => {
    w.devices.errors = { both: error }
    const media = new LocalMedia(w.env)
    expect(await media.acquire(both)).toEqual({ kind, device: 'camera', blocking: false })
    expect(media.microphone).toBeDefined()
    expect(media.camera).toBeUndefined()
  })

  it.each([
    ['NotFoundError', 'no_microphone'],
    ['NotAllowedError', 'denied'],
    ['NotReadableError', 'in_use'],
    ['OddError', 'unknown'],
  ])('does not go on by itself without a microphone: %s', async (error, kind) => {
    w.devices.errors = { both: error, audio: error }
    const media = new LocalMedia(w.env)
    const problem: MediaProblem = { kind: kind as MediaProblem['kind'], device: 'microphone', blocking: true }
    expect(await media.acquire(both)).toEqual(problem)
    expect(await media.acquire({ audio: true, video: false })).toEqual(problem)
  })

  it('says where the page is insecure', async () => {
    const media = new LocalMedia(world({ media: undefined }).env)
    expect(await media.acquire(both)).toEqual({ kind: 'insecure', device: 'microphone', blocking: true })
    expect(await media.allowed(false)).toBe(false)
  })

  it('knows whether it would have to ask', async () => {
    const media = new LocalMedia(w.env)
    w.allow.camera = false
    expect(await media.allowed(false)).toBe(true)
    expect(await media.allowed(true)).toBe(false)
  })

  it('closes what opens after the end', async () => {
    let open = (): void => undefined
    w.devices.wait = new Promise((resolve) => (open = resolve))
    const media = new LocalMedia(w.env)
    const opening = media.acquire(both)
    media.stop()
    open()
    await opening
    expect(w.devices.tracks.map((t) => t.readyState)).toEqual(['ended', 'ended'])
    expect([media.microphone, media.camera]).toEqual([undefined, undefined])
  })
})

describe('open devices', () => {
  let media: LocalMedia
  let told: string[]

  beforeEach(async () => {
    media = new LocalMedia(w.env)
    told = []
    media.on('track', (device, track) => void told.push(`${device} ${track === undefined ? 'off' : 'on'}`))
    media.on('problem', (p) => void told.push(p.kind))
    await media.acquire({ audio: true, video: true })
    told.length = 0
  })

  it('keep the microphone open while it is muted', () => {
    media.setMuted(true)
    expect(w.devices.live('audio')?.enabled).toBe(false)
    media.setMuted(false)
    expect(w.devices.live('audio')?.enabled).toBe(true)
  })

  it('stay muted with another microphone', async () => {
    media.setMuted(true)
    expect(await media.choose({ microphone: 'other' })).toBeUndefined()
    expect(w.devices.asked.at(-1)).toMatchObject({ audio: { deviceId: { ideal: 'other' } }, video: false })
    expect(w.devices.live('audio')?.enabled).toBe(false)
    expect(w.devices.tracks.filter((t) => t.kind === 'audio' && t.readyState === 'live')).toHaveLength(1)
  })

  it('turn the light of the camera off', () => {
    media.closeCamera()
    expect(w.devices.live('video')).toBeUndefined()
    expect(media.camera).toBeUndefined()
    expect(told).toEqual(['camera off'])
  })

  it('do not open a camera only because another one is chosen', async () => {
    media.closeCamera()
    await media.choose({ camera: 'other' })
    expect(w.devices.asked).toHaveLength(1)
    await media.acquire({ audio: false, video: true })
    expect(w.devices.asked.at(-1)).toMatchObject({ video: { deviceId: { ideal: 'other' } } })
  })

  it('never block when one that is chosen fails', async () => {
    w.devices.errors = { audio: 'NotReadableError' }
    expect(await media.choose({ microphone: 'other' })).toEqual({ kind: 'in_use', device: 'microphone', blocking: false })
    expect(w.devices.live('audio')).toBeDefined()
  })

  it('give way to others of their kind when they are unplugged', async () => {
    const events: unknown[] = []
    media.on('device', (event) => void events.push(event))
    media.setMuted(true)
    w.devices.live('video')?.unplug()
    w.devices.live('audio')?.unplug()
    await settle()
    expect(told).toEqual(['camera on', 'microphone on'])
    expect(w.devices.live('audio')?.enabled).toBe(false)
    expect(events).toEqual([
      { device: 'camera', now: 'switched', label: 'video 3' },
      { device: 'microphone', now: 'switched', label: 'audio 4' },
    ])
  })

  it('say that one was unplugged for which there is no other', async () => {
    const events: unknown[] = []
    media.on('device', (event) => void events.push(event))
    w.devices.errors = { video: 'NotFoundError', audio: 'NotAllowedError' }
    w.devices.live('video')?.unplug()
    w.devices.live('audio')?.unplug()
    await settle()
    expect(told).toEqual(['camera off', 'no_camera', 'microphone off', 'denied'])
    expect(events).toEqual([
      { device: 'camera', now: 'lost', label: 'video 2' },
      { device: 'microphone', now: 'lost', label: 'audio 1' },
    ])
  })

  it('are not opened for ever where each one ends at once', async () => {
    for (let i = 0; i < 10; i++) {
      w.devices.live('video')?.unplug()
      await settle()
    }
    expect(w.devices.asked.length).toBeLessThan(6)
    expect(told.at(-1)).toBe('no_camera')
  })

  it('say nothing of tracks that were closed on purpose', () => {
    const track = w.devices.live('video')
    media.stop()
    track?.unplug()
    expect(told).toEqual([])
  })

  it('can move to another call', async () => {
    media.setMuted(true)
    const next = new LocalMedia(w.env)
    next.adopt(media)
    media.stop()
    expect(w.devices.live('audio')?.enabled).toBe(false)
    expect(next.camera).toBe(w.devices.live('video'))
    expect(media.camera).toBeUndefined()
    told.length = 0
    w.devices.errors = { video: 'NotFoundError' }
    w.devices.live('video')?.unplug()
    await settle()
    expect(told).toEqual([])
    expect(next.camera).toBeUndefined()
  })
})

describe("this side of a call", () => {
  it('does not wait for devices that were allowed before', async () => {
    let open = (): void => undefined
    w.devices.wait = new Promise((resolve) => (open = resolve))
    const own = new OwnSide(w.env, {}, true)
    expect(await own.ready(true)).toBe(true)
    expect(own.sending).toEqual({ audio: false, video: false })
    const opened = new Promise<void>((resolve) => own.on('change', resolve))
    open()
    await opened
    expect(own.sending).toEqual({ audio: true, video: true })
  })

  it('tells of a problem that comes late without holding the call up', async () => {
    w.devices.errors = { both: 'NotReadableError', audio: 'NotReadableError' }
    const own = new OwnSide(w.env, {}, true)
    const told = new Promise<void>((resolve) => own.on('change', resolve))
    expect(await own.ready(true)).toBe(true)
    await told
    expect(own.problem).toEqual({ kind: 'in_use', device: 'microphone', blocking: false })
  })

  it('waits for an answer of the person, and for a way out', async () => {
    w.allow.microphone = false
    w.devices.errors = { both: 'NotAllowedError', audio: 'NotAllowedError' }
    const own = new OwnSide(w.env, {}, true)
    expect(await own.ready(true)).toBe(false)
    expect(own.problem).toEqual({ kind: 'denied', device: 'microphone', blocking: true })
    expect(await own.retry()).toBe(false)
    expect(await own.goOn()).toBe(true)
    expect(own.sending).toEqual({ audio: false, video: true })
    expect(own.problem).toEqual({ kind: 'denied', device: 'microphone', blocking: false })
    expect(await own.goOn()).toBe(false)
  })

  it('tries again what is missing, and only that', async () => {
    w.devices.errors = { both: 'NotReadableError', video: 'NotReadableError' }
    w.allow.camera = false
    const own = new OwnSide(w.env, {}, true)
    expect(await own.ready(true)).toBe(true)
    expect(own.problem).toEqual({ kind: 'in_use', device: 'camera', blocking: false })
    w.devices.errors = {}
    expect(await own.retry()).toBe(false)
    expect(w.devices.asked.at(-1)).toMatchObject({ audio: false })
    expect(own.problem).toBeUndefined()
    expect(own.camera).toBe(true)
    expect(await own.retry()).toBe(false)
  })

  it('says nothing once the call is over', async () => {
    w.allow.microphone = false
    const own = new OwnSide(w.env, {}, false)
    const ready = own.ready(false)
    own.stop()
    expect(await ready).toBe(false)
    await own.setCamera(true)
    expect(w.devices.live('video')).toBeUndefined()
  })

  it('remembers that the camera is wanted', async () => {
    const own = new OwnSide(w.env, {}, false)
    await own.setCamera(true)
    expect(own.wantsVideo).toBe(true)
    await own.setCamera(true)
    expect(w.devices.asked).toHaveLength(1)
    await own.setCamera(false)
    expect(own.wantsVideo).toBe(false)
  })
})

describe('the list of devices', () => {
  it('has what can be chosen', async () => {
    w.devices.list = [
      { kind: 'audioinput', deviceId: 'm', label: 'Mic' },
      { kind: 'videoinput', deviceId: 'c', label: '' },
      { kind: 'audiooutput', deviceId: 's', label: 'Speaker' },
      { kind: 'videoinput', deviceId: '', label: '' },
    ]
    expect(await listDevices(w.devices)).toEqual({
      microphones: [{ id: 'm', label: 'Mic' }],
      cameras: [{ id: 'c', label: '' }],
      speakers: [{ id: 's', label: 'Speaker' }],
    })
  })

  it('is empty where there are none', async () => {
    expect(await listDevices(undefined)).toEqual({ microphones: [], cameras: [], speakers: [] })
  })
})
