import { describe, expect, it } from 'vitest'

import { fakeSurroundings } from '../testing/surroundings.ts'
import { FakeCall, fakeClient, fakePage, friend, nobody, settle } from '../testing/fakes.ts'
import { createApp } from './app.ts'

/** Somebody who talks with Ben, with their camera on or off, and a friend who calls. */
async function talking({ camera = true, video = true } = {}) {
  const client = fakeClient({ friends: () => Promise.resolve({ ...nobody, friends: [friend('ben', 'Ben', true), friend('chi', 'Chi', true)] }) })
  const around = fakeSurroundings()
  const app = createApp(client, fakePage(), around)
  app.preferences.notifications.value = true
  await app.start()
  await settle()
  app.call.start('ben', true)
  client.fakeCalls.current!.set({ state: 'connected', connectedAt: 1, camera })
  around.take()
  const chi = new FakeCall()
  Object.assign(chi, { id: 'call2', peer: 'chi', direction: 'incoming', state: 'incoming', video })
  client.fakeCalls.wait(chi)
  const asks = (...words: string[]): string[] => around.take().filter((x) => words.some((w) => x.startsWith(w)))
  return { app, around, calls: client.fakeCalls, chi, asks }
}

describe('who calls meanwhile', () => {
  it('is named, beside the call that goes on', async () => {
    const { app } = await talking()
    expect(app.call.waiting.shown.value).toMatchObject({ id: 'call2', peer: 'chi', state: 'incoming' })
    expect(app.call.waiting.name.value).toBe('Chi')
    expect(app.call.shown.value).toMatchObject({ peer: 'ben', state: 'connected' })
  })

  it('knocks softly, and does not ring', async () => {
    const { calls, asks } = await talking()
    expect(asks('loop', 'quiet').at(-1)).toBe('loop knock')
    calls.wait(undefined)
    expect(asks('loop', 'quiet').at(-1)).toBe('quiet')
  })

  it.each([
    [true, true, 'with'],
    [false, true, 'without'],
    [true, false, 'without'],
  ])('is answered with a picture only where one is sent already, and was asked for: camera %s, video %s', async (camera, video, how) => {
    const { app, calls } = await talking({ camera, video })
    app.call.waiting.switchTo(app.call.shown.value?.camera === true)
    expect(calls.asked).toEqual([`switch ${how} picture`])
  })

  it('is declined, and stands in the history', async () => {
    const { app, calls, chi } = await talking()
    app.call.waiting.decline()
    expect(chi.asked).toEqual(['decline'])
    chi.set({ state: 'ended', endReason: 'declined', endedByUs: true })
    calls.wait(undefined)
    expect(app.call.waiting.shown.value).toBeUndefined()
    expect(app.history.of('chi')).toMatchObject([{ name: 'Chi', incoming: true, video: true, outcome: 'declined' }])
  })

  it('gives up, and was missed', async () => {
    const { app, calls, chi } = await talking()
    chi.set({ state: 'ended', endReason: 'cancelled' })
    calls.wait(undefined)
    expect(app.history.of('chi')).toMatchObject([{ outcome: 'missed' }])
  })

  it('stands there once, where it became the call itself', async () => {
    const { app, calls, chi } = await talking()
    calls.end('hangup')
    calls.wait(undefined)
    calls.take(chi)
    expect(app.history.of('chi')).toEqual([])
    calls.end('no_answer')
    expect(app.history.of('chi')).toHaveLength(1)
  })

  it('is told of while the page is hidden, and answered from there', async () => {
    const { around, calls, asks } = await talking()
    around.see(false)
    expect(asks('show')).toEqual(['show call2 Chi video'])
    around.want({ action: 'accept', call: 'call2' })
    expect(calls.asked).toEqual(['switch with picture'])
  })
})

describe('a call that is being answered', () => {
  it('rings no more from the press on', async () => {
    const { app, calls, chi, asks } = await talking()
    calls.end('hangup')
    calls.wait(undefined)
    calls.take(chi)
    expect(asks('loop', 'quiet').at(-1)).toBe('loop ring')
    chi.set({ answering: true })
    expect(asks('loop', 'quiet').at(-1)).toBe('quiet')
    expect(app.call.shown.value?.answering).toBe(true)
  })
})
