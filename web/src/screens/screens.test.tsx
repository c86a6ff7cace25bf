import { render } from 'preact-render-to-string'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'

import { createApp } from '../state/app.ts'
import { type EndReason } from '../state/call.ts'
import { settingsSections } from '../state/settings-sections.ts'
import { anna, fakeClient, fakePage, friend, noNetwork, refusal, settle, someone } from '../testing/fakes.ts'
import { en } from '../text/en/index.ts'
import { setText } from '../text/index.ts'
import { pseudoText } from '../text/pseudo.ts'
import { AppContext } from '../ui/context.ts'
import { loadScreens, Root } from './app.tsx'
import { SignUp } from './invite.tsx'

type World = Parameters<typeof fakeClient>[0]

const invite = { id: 'i1', createdAt: new Date(0), expiresAt: new Date(9e9) }
const full: World = {
  friends: () =>
    Promise.resolve({
      friends: [friend('ben', 'BEN', true), friend('chi', 'CHI')],
      incoming: [{ ...someone('dora', 'DORA'), askedAt: new Date(0), expiresAt: new Date(1) }],
      outgoing: [{ account: 'ref', handle: 'EMIL.0815', askedAt: new Date(0), expiresAt: new Date(1) }],
      blocked: [someone('eve', 'EVE'), { account: 'x', handle: '', displayName: '' }],
    }),
  notices: () =>
    Promise.resolve([
      { id: 'n1', kind: 'missed_call', from: someone('ben', 'BEN'), video: false, at: new Date(0) },
      { id: 'n2', kind: 'missed_call', from: someone('chi', 'CHI'), video: true, at: new Date(0) },
    ]),
  invites: () => Promise.resolve([invite]),
  me: () => Promise.resolve({ ...anna, displayName: 'ANNA', handle: 'ANNA.4821' }),
}
const out: World = { me: () => Promise.reject(refusal('unauthorized')) }
const invited: World = { ...out, inspectInvite: () => Promise.resolve({ kind: 'friend', inviter: { account: 'ben', displayName: 'BEN' }, expiresAt: new Date(9e9) }) }
const link = '/invite#tokentokentokentoken.'

async function open(world: World, at = '/') {
  const client = fakeClient(world)
  const app = createApp(client, fakePage(at))
  await app.start()
  await settle()
  const draw = (): string =>
    render(
      <AppContext.Provider value={app}>
        <Root />
      </AppContext.Provider>,
    )
  return { app, client, draw }
}

/** What stands outside the brackets of the pseudo-language, other than the names that the test made up. */
function bare(html: string): string[] {
  const spoken = [...html.matchAll(/ (?:aria-label|title|placeholder|alt|aria-valuetext)="([^"]*)"/g)].map((m) => m[1] ?? '')
  const shown = html.replace(/<[^>]*>/g, '\n').split('\n')
  return [...spoken, ...shown]
    .map((x) => x.replace(/⟦[^⟦⟧]*⟧/g, '').replace(/ANNA\.4821|EMIL\.0815|\w+\.0001|ANNA|BEN|CHI|DORA|EVE|https:\S+/g, ''))
    .filter((x) => /\p{L}/u.test(x))
}

beforeAll(() => Promise.all([loadScreens(), SignUp.load()]))
beforeEach(() => {
  vi.useFakeTimers()
  setText(pseudoText())
})
afterEach(() => {
  vi.useRealTimers()
  setText(en)
})

const screens: [string, () => Promise<string>][] = [
  ['people', async () => (await open(full)).draw()],
  ['people, empty', async () => (await open({})).draw()],
  ['a friend', async () => (await open(full, '/people/ben')).draw()],
  ['a friend, called before', async () => {
    const { app, draw } = await open(full, '/people/ben')
    const past = { peer: 'ben', name: 'BEN', video: true, at: 0, seconds: 60 }
    for (const [i, outcome] of (['talked', 'missed', 'declined', 'elsewhere', 'cancelled', 'unanswered', 'busy', 'failed'] as const).entries()) {
      app.history.add({ ...past, id: `in${i}`, incoming: true, outcome })
      app.history.add({ ...past, id: `out${i}`, incoming: false, outcome, at: i * 9e7 })
    }
    return draw()
  }],
  ['a friend, loading', async () => (await open({ friends: () => new Promise(() => undefined) }, '/people/ben')).draw()],
  ['a friend, failed', async () => (await open({ friends: () => Promise.reject(noNetwork()) }, '/people/ben')).draw()],
  ['somebody who is no friend', async () => (await open(full, '/people/nobody')).draw()],
  ['somebody blocked', async () => (await open(full, '/people/eve')).draw()],
  ['nobody found', async () => {
    const { app, draw } = await open(full)
    app.people.search.value = 'DORA'
    return draw()
  }],
  ['calls', async () => (await open(full, '/calls')).draw()],
  ['calls, none', async () => (await open({}, '/calls')).draw()],
  ['add a friend', async () => (await open(full, '/add')).draw()],
  ['add a friend, failed', async () => (await open({ invites: () => Promise.reject(noNetwork()) }, '/add')).draw()],
  ['people, loading', async () => (await open({ friends: () => new Promise(() => undefined) })).draw()],
  ['people, failed', async () => (await open({ friends: () => Promise.reject(noNetwork()) })).draw()],
  ['settings', async () => (await open(full, '/settings')).draw()],
  ...settingsSections.map((section): [string, () => Promise<string>] => [`settings, ${section}`, async () => (await open(full, `/settings/${section}`)).draw()]),
  ['settings that are not there', async () => (await open(full, '/settings/nowhere')).draw()],
  ['settings, a password refused', async () => {
    const { app, draw } = await open(full, '/settings/you')
    app.passwordChange.attempt.fail({ code: 'bad_credentials', fields: [{ field: 'current', rule: 'wrong' }] })
    return draw()
  }],
  ['sign in', async () => (await open(out, '/login')).draw()],
  ['no server', async () => (await open({ me: () => Promise.reject(noNetwork()) })).draw()],
  ['nothing here', async () => (await open(full, '/nowhere')).draw()],
  ['no invitation', async () => inviteAt(out, '/invite')],
  ['a dead invitation', async () => inviteAt({ ...out, inspectInvite: () => Promise.reject(refusal('invite_invalid')) })],
  ['an invitation that could not be asked about', async () => inviteAt({ ...out, inspectInvite: () => Promise.reject(noNetwork()) })],
  ['an invitation', async () => inviteAt(invited)],
  ['an invitation, signed in', async () => inviteAt({ ...invited, ...full })],
  ['a name', async () => inviteAt(invited, link, (app) => app.welcome.begin())],
  ['a password', async () => inviteAt(invited, link, (app) => void (app.welcome.step.value = 'password'))],
  ['the sign-in step', async () => inviteAt(invited, link, (app) => void (app.welcome.step.value = 'login'))],
  ['a banner', async () => {
    const { client, draw } = await open(full)
    client.link.become('closed', 'too_many')
    return draw()
  }],
  ['a call on another device', async () => {
    const { client, draw } = await open(full)
    client.fakeCalls.has({ id: 'away', peer: 'ben', video: true, caller: true, began: 1 })
    return draw()
  }],
  ['messages', async () => {
    const { app, draw } = await open(full)
    app.toasts.done('withdrawn', 'BEN', () => undefined)
    app.toasts.problem({ code: 'clipboard', fields: [] })
    return draw()
  }],
]

async function inviteAt(world: World, at = link, then?: (app: Awaited<ReturnType<typeof open>>['app']) => void): Promise<string> {
  const { app, draw } = await open(world, at)
  await app.welcome.open(app.router.hash.value) // an effect of the screen, which is only drawn here
  then?.(app)
  return draw()
}

describe('an empty place', () => {
  const none: World = { friends: () => Promise.resolve({ friends: [], incoming: [], outgoing: [], blocked: [] }) }
  const asked: World = { friends: () => Promise.resolve({ friends: [], incoming: [], outgoing: [{ account: 'ref', handle: 'EMIL.0815', askedAt: new Date(0), expiresAt: new Date(1) }], blocked: [] }) }
  const steps = (html: string): number => html.split(t().people.emptyTitle).length - 1
  const t = (): typeof en => pseudoText()

  it.each([['nobody yet', none, '/'], ['somebody was asked', asked, '/'], ['nobody yet, elsewhere', none, '/calls']])('offers the first step once: %s', async (_, world, at) => {
    const { app, draw } = await open(world, at)
    app.columns.value = 2
    expect(steps(draw())).toBe(1)
    if (at === '/' && world === none) {
      app.columns.value = 1
      expect(steps(draw())).toBe(1)
    }
  })

  it('is told within the settings, where an address leads nowhere', async () => {
    const { draw } = await open(full, '/settings/nowhere')
    expect(draw()).toContain(`aria-label="${t().app.places}"`)
  })
})

describe('every screen', () => {
  it.each(screens)('takes its words from the catalogue, and has no inline style: %s', async (_, make) => {
    const html = await make()
    expect(html).toMatch(/<h1|role="status"/)
    expect(bare(html)).toEqual([])
    expect(html).not.toMatch(/ style=|<style/)
  })

  it('shows no title that says what the name says: a screen reader would say it twice', async () => {
    for (const [name, make] of screens) {
      for (const [tag, title] of (await make()).matchAll(/<[^>]* title="([^"]*)"[^>]*>/g)) expect(tag, name).not.toContain(` aria-label="${title}"`)
    }
  })

  it('has a name on every button', async () => {
    for (const [name, make] of screens) {
      for (const [button] of (await make()).matchAll(/<button[\s\S]*?<\/button>/g)) {
        const words = button.replace(/<[^>]*>/g, '').trim()
        expect(words !== '' || / aria-label="[^"]+"/.test(button), `${name}: ${button}`).toBe(true)
      }
    }
  })
})

it('says once that a password is too short: while it is typed, and when it was refused', async () => {
  setText(en)
  const said = (html: string): number => html.split('At least 8 characters').length - 1
  const { app, draw } = await open(full, '/settings/you')
  app.passwordChange.typeCurrent('what it was')
  app.passwordChange.typeNext('short')
  expect(said(draw())).toBe(1)
  await app.passwordChange.save()
  expect(said(draw())).toBe(1)

  const signUp = await open(invited, link)
  await signUp.app.welcome.open(signUp.app.router.hash.value)
  signUp.app.welcome.step.value = 'password'
  signUp.app.welcome.password.value.value = 'short'
  expect(said(signUp.draw())).toBe(1)
  await signUp.app.welcome.create()
  expect(said(signUp.draw())).toBe(1)
})

it('offers to call back friends alone', async () => {
  const from = (id: string, name: string) => ({ id, kind: 'missed_call' as const, from: someone(id, name), video: false, at: new Date(0) })
  setText(en)
  const html = (await open({ ...full, notices: () => Promise.resolve([from('ben', 'BEN'), from('eve', 'EVE')]) })).draw()
  expect(html).toContain('EVE called')
  expect(html).toContain('Call back BEN')
  expect(html).not.toContain('Call back EVE')
})

describe('a call on the screen', () => {
  const inCall = async (change: Record<string, unknown>) => {
    const { app, client, draw } = await open(full)
    app.call.start('ben', true)
    client.fakeCalls.current?.set(change)
    return { app, client, draw }
  }
  const state = (html: string): string | undefined => /data-testid="call-state" data-state="([a-z]+)"/.exec(html)?.[1]

  it.each(['preparing', 'outgoing', 'incoming', 'connecting', 'connected', 'reconnecting'] as const)('says how far it is: %s', async (at) => {
    const { draw } = await inCall({ state: at, ...(at === 'connected' ? { connectedAt: 1, path: 'relayed', remoteAway: true, muted: true, remote: { audio: false, video: false } } : {}) })
    const html = draw()
    expect(state(html)).toBe(at)
    expect(bare(html)).toEqual([])
    if (at === 'connected') expect(html).toMatch(/data-testid="call-path" data-path="relayed"/)
  })

  it('says what is wrong with the camera, and how to go on', async () => {
    const { draw } = await inCall({ problem: { kind: 'denied', device: 'camera', blocking: true } })
    expect(draw()).toMatch(/role="alert"/)
    expect(bare(draw())).toEqual([])
  })

  const reasons: EndReason[] = ['hangup', 'declined', 'busy', 'answered_elsewhere', 'no_answer', 'offline', 'lost', 'reach', 'stopped', 'glare', 'unreachable', 'rate_limited', 'failed', 'error']
  it.each(reasons)('says why it ended, and what one can do: %s', async (reason) => {
    const { client, draw } = await inCall({ state: 'outgoing' })
    client.fakeCalls.end(reason)
    const html = draw()
    expect(state(html)).toBe('ended')
    expect(bare(html)).toEqual([])
  })

  it('that failed while the server was out of reach says that', async () => {
    setText(en)
    const { client, draw } = await inCall({ state: 'outgoing' })
    client.link.become('waiting')
    vi.advanceTimersByTime(2_500)
    expect(draw()).toContain('The server can’t be reached')
    client.fakeCalls.end('failed', true)
    expect(draw()).toContain('The server can’t be reached')
  })

  it('has the names that people and tests find its buttons by', async () => {
    setText(en)
    const { client, draw } = await inCall({ state: 'connected', connectedAt: 1, camera: true })
    for (const name of ['Mute', 'Camera', 'More', 'Hang up']) expect(draw()).toContain(`aria-label="${name}"`)
    expect(draw()).toMatch(/aria-label="Mute" aria-pressed="false"/)
    expect(draw()).toMatch(/aria-label="Camera" aria-pressed="true"/)
    client.fakeCalls.current?.set({ muted: true, camera: false })
    expect(draw()).toMatch(/aria-label="Mute" aria-pressed="true"/)
    expect(draw()).toMatch(/aria-label="Camera" aria-pressed="false"/)
    client.fakeCalls.current?.set({ state: 'incoming' })
    for (const name of ['Accept', 'Decline']) expect(draw()).toContain(`aria-label="${name}"`)
    expect(draw()).toContain('Accept without camera')
    for (const name of ['Call BEN', 'Video call BEN']) expect(draw()).toContain(`aria-label="${name}"`)
  })
})
