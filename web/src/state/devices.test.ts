import { beforeEach, describe, expect, it } from 'vitest'

import { type FakeClient, fakeClient, FakeCall, fakePage, type FakePreview, settle } from '../testing/fakes.ts'
import { type App, createApp } from './app.ts'

const has = {
  microphones: [{ id: 'default', label: 'Default' }, { id: 'm1', label: 'Desk' }, { id: 'm2', label: 'Headset' }],
  cameras: [{ id: 'c1', label: '' }],
  speakers: [{ id: 's1', label: 'Room' }],
}

/** A stream as far as anybody here looks at it. */
const stream = {} as MediaStream

let client: FakeClient
let app: App
let page: ReturnType<typeof fakePage>

beforeEach(() => {
  client = fakeClient()
  client.has = has
  page = fakePage()
  app = createApp(client, page)
})

const preview = (): FakePreview => client.previews.at(-1)!

describe('the list', () => {
  it('has what can be chosen, by name or number, without the system’s own entry', async () => {
    app.devices.watch()
    await settle()
    expect(app.devices.microphones.value).toEqual([{ id: 'm1', label: 'Desk', number: 1 }, { id: 'm2', label: 'Headset', number: 2 }])
    expect(app.devices.cameras.value).toEqual([{ id: 'c1', label: '', number: 1 }])
    expect(app.devices.speakers.value).toHaveLength(1)
  })

  it('follows what is plugged in, and no more once nobody looks', async () => {
    const stop = app.devices.watch()
    await settle()
    client.plug({ ...has, cameras: [] })
    await settle()
    expect(app.devices.cameras.value).toEqual([])
    stop()
    client.plug(has)
    await settle()
    expect(app.devices.cameras.value).toEqual([])
  })

  it('still names the one that was chosen and is gone', async () => {
    app.devices.choose('microphone', 'old')
    expect(app.devices.microphones.value).toEqual([]) // not known yet
    app.devices.watch()
    await settle()
    expect(app.devices.microphones.value.at(-1)).toMatchObject({ id: 'old', gone: true })
  })
})

describe('what is liked', () => {
  it('is kept, and goes into every call', () => {
    expect(client.fakeCalls.settings).toMatchObject({ relay: 'auto', microphone: undefined, effects: { camera: undefined, microphone: undefined } })
    app.devices.choose('microphone', 'm2')
    app.preferences.blur.value = true
    expect(page.kept.get('ringfence.microphone')).toBe('m2')
    expect(client.fakeCalls.settings.microphone).toBe('m2')
    expect(client.fakeCalls.settings.effects?.camera).toBeTypeOf('function')
    expect(client.fakeCalls.settings.effects?.microphone).toBeUndefined()
    app.settings.setAlwaysRelay(true)
    expect(client.fakeCalls.settings).toMatchObject({ relay: 'always', microphone: 'm2' })
  })

  it('changes a call that runs', () => {
    const call = new FakeCall()
    const told: unknown[] = []
    Object.assign(call, { setEffects: (e: unknown) => Promise.resolve(void told.push(e)) })
    client.fakeCalls.take(call)
    app.preferences.quietNoise.value = true
    expect(told).toEqual([{ camera: undefined, microphone: expect.any(Function) as unknown }])
  })
})

describe('the look at oneself', () => {
  it('opens nothing before it is told to', () => {
    app.devices.watch()
    expect(client.previews).toHaveLength(0)
    expect(app.devices.looking.value).toBe('off')
  })

  it('is there when the browser gave something, and the list gets its names', async () => {
    app.devices.open()
    expect(app.devices.looking.value).toBe('asking')
    preview().set({ stream, camera: true })
    expect(app.devices.looking.value).toBe('on')
    expect(app.devices.stream.value).toBe(stream)
    await settle()
    expect(app.devices.microphones.value).toHaveLength(2)
  })

  it.each([
    ['denied', 'media_denied'],
    ['no_camera', 'camera_missing'],
    ['in_use', 'media_in_use'],
    ['insecure', 'media_insecure'],
    ['effect', 'effect_failed'],
  ] as const)('says why not: %s', (kind, code) => {
    app.devices.open()
    preview().set({ problem: { kind, device: 'camera', blocking: false } })
    expect(app.devices.problem.value).toBe(code)
  })

  it('begins anew after everything failed, and asks for what is missing after a part did', () => {
    app.devices.open()
    preview().set({ problem: { kind: 'denied', device: 'microphone', blocking: false } })
    app.devices.retry()
    expect(client.previews).toHaveLength(2)
    preview().set({ stream, problem: { kind: 'no_camera', device: 'camera', blocking: false } })
    app.devices.retry()
    expect(preview().asked).toEqual(['retry'])
  })

  it('begins anew when the effect that failed is switched off', () => {
    app.preferences.blur.value = true
    app.devices.open()
    preview().set({ stream, problem: { kind: 'effect', device: 'camera', blocking: false } })
    app.preferences.blur.value = false
    expect(client.previews).toHaveLength(2)
    expect(app.devices.problem.value).toBeUndefined()
  })

  it('takes a camera that is plugged in', async () => {
    app.devices.watch()
    app.devices.open()
    preview().set({ stream, problem: { kind: 'no_camera', device: 'camera', blocking: false } })
    client.plug(has)
    await settle()
    expect(preview().asked).toEqual(['retry'])
  })

  it('changes device and effects at once', () => {
    app.devices.open()
    app.devices.hears()
    app.devices.choose('microphone', 'm1')
    expect(app.devices.heard.value).toBe(false)
    app.preferences.blur.value = true
    expect(preview().asked).toEqual(['choose m1', 'effects camera microphone'])
  })

  it('ends when one leaves, and when a call begins', () => {
    app.devices.open()
    preview().set({ stream })
    app.devices.leave()
    expect(preview().asked).toEqual(['close'])
    expect(app.devices.stream.value).toBeUndefined()
    expect(preview().listeners).toBe(0)
    app.devices.open()
    client.fakeCalls.take(new FakeCall())
    expect(preview().asked).toEqual(['close'])
    expect(app.devices.looking.value).toBe('off')
  })
})

describe('the loudspeaker', () => {
  it('plays on the one that is chosen, and asks', async () => {
    const played: string[] = []
    app = createApp(client, { ...page, chime: (id) => Promise.resolve(void played.push(id)) })
    app.devices.choose('speaker', 's1')
    await app.devices.playSound()
    expect(played).toEqual(['s1'])
    expect(app.devices.speakerTest.value).toBe('asks')
    app.devices.answer(false)
    expect(app.devices.speakerTest.value).toBe('unheard')
    app.devices.choose('speaker', '')
    expect(app.devices.speakerTest.value).toBe('idle')
  })

  it('says when nothing could be played, and nothing after one left', async () => {
    app = createApp(client, { ...page, chime: () => Promise.reject(new Error('no sound')) })
    await app.devices.playSound()
    expect(app.devices.speakerTest.value).toBe('failed')
    const playing = app.devices.playSound()
    app.devices.leave()
    await playing
    expect(app.devices.speakerTest.value).toBe('idle')
  })
})
