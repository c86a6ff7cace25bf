import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { anna, fakeClient, fakePage, friend, nobody, noNetwork, refusal, settle, someone } from '../testing/fakes.ts'
import { createApp } from './app.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const unknown = { me: () => Promise.reject(refusal('unauthorized')) }

describe('who is here', () => {
  it('is asked at the start; then the page connects and fetches', async () => {
    const client = fakeClient({ friends: () => Promise.resolve({ ...nobody, friends: [friend('ben', 'Ben')] }) })
    const app = createApp(client, fakePage())
    expect(app.session.standing.value).toBe('starting')
    await app.start()
    await settle()
    expect(app.session.standing.value).toBe('in')
    expect(client.connected).toBe(true)
    expect(app.people.friends.value.map((x) => x.displayName)).toEqual(['Ben'])
    expect(app.screen.value).toBe('people')
  })

  it('shows the sign-in form in place of a screen, and that screen after it', async () => {
    const client = fakeClient({ ...unknown, signIn: () => Promise.resolve(anna) })
    const page = fakePage('/settings')
    const app = createApp(client, page)
    await app.start()
    expect(app.screen.value).toBe('login')
    app.login.handle.value = ' Anna.4821 '
    app.login.password.value = 'four words or so'
    await app.signIn()
    expect(app.screen.value).toBe('settings')
    expect(page.at).toBe('/settings')
    expect(app.login.password.value).toBe('')
  })

  it('an invitation and an address that leads nowhere are open to everybody', async () => {
    const page = fakePage('/invite#x')
    const app = createApp(fakeClient(unknown), page)
    await app.start()
    expect(app.screen.value).toBe('invite')
    app.router.go('/nowhere')
    expect(app.screen.value).toBe('missing')
  })

  it('says so without a network, and tries again when it is back', async () => {
    const me = vi.fn().mockRejectedValueOnce(noNetwork()).mockResolvedValue(anna)
    const page = fakePage()
    const app = createApp(fakeClient({ me }), page)
    await app.start()
    expect(app.session.standing.value).toBe('unreachable')
    page.tellNetwork(true)
    await settle()
    expect(app.session.standing.value).toBe('in')
  })

  it('comes back by itself when the server does', async () => {
    const me = vi.fn().mockRejectedValueOnce(noNetwork()).mockRejectedValueOnce(noNetwork()).mockResolvedValue(anna)
    const app = createApp(fakeClient({ me }), fakePage())
    await app.start()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(app.session.standing.value).toBe('unreachable') // and nothing flickers meanwhile
    await vi.advanceTimersByTimeAsync(4_000)
    expect(app.session.standing.value).toBe('in')
  })

  it('leaves nothing for the next one when the server ends the session', async () => {
    const client = fakeClient({ friends: () => Promise.resolve({ ...nobody, friends: [friend('ben', 'Ben')] }) })
    const app = createApp(client, fakePage())
    await app.start()
    await settle()
    client.link.become('closed', 'signed_out')
    expect(app.session.standing.value).toBe('out')
    expect(app.session.ended.value).toBe(true)
    expect(app.people.lists.value).toBeUndefined()
    expect(app.screen.value).toBe('login')
  })

  it('signs out, and stays in where the server could not be told', async () => {
    const signOut = vi.fn().mockRejectedValueOnce(noNetwork()).mockResolvedValue(undefined)
    const page = fakePage('/settings')
    const client = fakeClient({ signOut })
    const app = createApp(client, page)
    await app.start()
    expect(await app.signOut()).toBe(false)
    expect(app.session.standing.value).toBe('in')
    expect(app.settings.leaving.problem.value?.code).toBe('network')
    expect(await app.signOut()).toBe(true)
    expect(client.connected).toBe(false)
    expect(page.at).toBe('/login')
  })
})

describe('what happens meanwhile', () => {
  it('has its lists even where the link cannot be opened', async () => {
    const client = { ...fakeClient({ friends: () => Promise.resolve({ ...nobody, friends: [friend('ben', 'Ben')] }) }), connect: () => undefined }
    const app = createApp(client, fakePage())
    await app.start()
    await settle()
    expect(app.people.friends.value).toHaveLength(1)
  })

  it('shows at once who comes and goes, and keeps that over a slower answer', async () => {
    let answer: (x: typeof nobody) => void = () => undefined
    const friends = vi.fn(() => new Promise<typeof nobody>((resolve) => (answer = resolve)))
    const client = fakeClient({ friends })
    const app = createApp(client, fakePage())
    await app.start()
    client.link.tell('frame', { kind: 'presence', body: { account: 'ben', online: true } })
    answer({ ...nobody, friends: [friend('ada', 'Ada'), friend('ben', 'Ben')] })
    await settle()
    expect(app.people.friends.value.map((x) => [x.displayName, x.online])).toEqual([['Ben', true], ['Ada', false]])
    client.link.tell('frame', { kind: 'presence', body: { account: 'ben', online: false } })
    expect(app.people.friends.value.map((x) => x.displayName)).toEqual(['Ada', 'Ben'])
  })

  it('fetches a topic that has changed, and all of them in a new session', async () => {
    const friends = vi.fn(() => Promise.resolve(nobody))
    const notices = vi.fn(() => Promise.resolve([]))
    const client = fakeClient({ friends, notices })
    const app = createApp(client, fakePage())
    await app.start()
    await settle()
    const before = friends.mock.calls.length
    const seen = notices.mock.calls.length
    client.link.tell('frame', { kind: 'changed', body: { topic: 'friends' } })
    await settle()
    expect(friends).toHaveBeenCalledTimes(before + 1)
    expect(notices).toHaveBeenCalledTimes(seen)
    client.link.tell('fresh')
    await settle()
    expect(friends).toHaveBeenCalledTimes(before + 2)
    expect(notices).toHaveBeenCalledTimes(seen + 1)
  })

  it('speaks of a lost connection only when it lasts, and says what to do', async () => {
    const client = fakeClient()
    const page = fakePage()
    const app = createApp(client, page)
    await app.start()
    client.link.become('waiting')
    expect(app.link.trouble.value).toBeUndefined()
    vi.advanceTimersByTime(1_900)
    client.link.become('connecting')
    client.link.become('open')
    vi.advanceTimersByTime(5_000)
    expect(app.link.trouble.value).toBeUndefined()
    client.link.become('waiting')
    vi.advanceTimersByTime(2_100)
    expect(app.link.trouble.value).toBe('reconnecting')
    client.link.become('connecting')
    expect(app.link.trouble.value).toBe('reconnecting')
    page.tellNetwork(false)
    expect(app.link.trouble.value).toBe('offline')
    page.tellNetwork(true)
    client.link.become('open')
    expect(app.link.trouble.value).toBeUndefined()
    for (const [reason, trouble] of [['replaced', 'replaced'], ['too_many', 'crowded'], ['protocol', 'outdated'], ['flood', 'outdated'], ['left', undefined]] as const) {
      client.link.become('closed', reason)
      expect(app.link.trouble.value).toBe(trouble)
    }
    app.link.tryNow()
    expect(client.link.tries).toBe(1)
  })

  it('a broken connection that keeps trying is told after the patience, however often it changes', async () => {
    const client = fakeClient()
    const app = createApp(client, fakePage())
    await app.start()
    client.link.become('waiting')
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(500)
      client.link.become(i % 2 === 0 ? 'connecting' : 'waiting')
    }
    expect(app.link.trouble.value).toBe('reconnecting')
  })
})

describe('finding one’s way', () => {
  it('follows links and the browser’s own buttons', () => {
    const page = fakePage('/')
    const app = createApp(fakeClient(), page)
    app.router.go('/settings')
    expect(app.router.route.value).toBe('settings')
    page.back('/invite#abc')
    expect(app.router.route.value).toBe('invite')
    expect(app.router.hash.value).toBe('#abc')
    page.back('/settings/')
    expect(app.router.route.value).toBe('settings')
  })
})

describe('people', () => {
  const dora = { ...someone('dora', 'Dora'), askedAt: new Date(0), expiresAt: new Date(1) }
  const emil = { account: 'ref', handle: 'emil.0815', askedAt: new Date(0), expiresAt: new Date(1) }
  const start = async (api: Parameters<typeof fakeClient>[0]) => {
    const app = createApp(fakeClient(api), fakePage())
    await app.start()
    await settle()
    return app
  }

  it('accepts once, however often it is pressed, and says so', async () => {
    const acceptAsk = vi.fn(() => Promise.resolve())
    const app = await start({ acceptAsk })
    await Promise.all([app.people.accept(dora), app.people.accept(dora)])
    expect(acceptAsk).toHaveBeenCalledTimes(1)
    expect(app.toasts.list.value.map((x) => [x.done, x.name])).toEqual([['accepted', 'Dora']])
    expect(app.people.busy.value.size).toBe(0)
  })

  it('tells why something did not work, and shows the list as it is', async () => {
    const friends = vi.fn(() => Promise.resolve(nobody))
    const app = await start({ friends, declineAsk: () => Promise.reject(refusal('not_found')) })
    const before = friends.mock.calls.length
    expect(await app.people.decline(dora)).toBe(false)
    expect(app.toasts.list.value[0]?.problem).toMatchObject({ code: 'not_found', during: 'request' })
    expect(friends).toHaveBeenCalledTimes(before + 1)
  })

  it('takes back a request, and asks again on undo', async () => {
    const ask = vi.fn(() => Promise.resolve(emil))
    const app = await start({ ask, withdrawAsk: () => Promise.resolve() })
    await app.people.withdraw(emil)
    const toast = app.toasts.list.value[0]
    expect(toast?.done).toBe('withdrawn')
    toast?.undo?.()
    await settle()
    expect(ask).toHaveBeenCalledWith('emil.0815')
    expect(app.toasts.list.value.at(-1)?.done).toBe('asked')
  })

  it('unblocks, and blocks again on undo', async () => {
    const block = vi.fn(() => Promise.resolve())
    const app = await start({ block, unblock: () => Promise.resolve() })
    await app.people.unblock({ account: 'eve', handle: '', displayName: '' })
    app.toasts.list.value[0]?.undo?.()
    await settle()
    expect(block).toHaveBeenCalledWith('eve')
  })

  it('asks by handle, keeps what was typed where it failed, and says the same whoever it was', async () => {
    const ask = vi.fn().mockRejectedValueOnce(noNetwork()).mockResolvedValue(emil)
    const app = await start({ ask })
    app.ask.handle.value = 'nonsense'
    await app.ask.submit()
    expect(app.ask.attempt.problem.value?.fields[0]).toMatchObject({ field: 'handle', rule: 'format' })
    expect(ask).not.toHaveBeenCalled()
    app.ask.handle.value = ' Emil.0815 '
    await app.ask.submit()
    expect(app.ask.attempt.problem.value?.code).toBe('network')
    expect(app.ask.handle.value).toBe(' Emil.0815 ')
    await app.ask.submit()
    expect(ask).toHaveBeenLastCalledWith('emil.0815')
    expect(app.ask.asked.value).toBe('emil.0815')
    expect(app.ask.handle.value).toBe('')
  })

  it('is empty only when it is known to be', async () => {
    const app = createApp(fakeClient({ friends: () => Promise.reject(noNetwork()) }), fakePage())
    expect(app.people.empty.value).toBe(false)
    await app.start()
    await settle()
    expect(app.people.empty.value).toBe(false)
    expect(app.people.problem.value?.code).toBe('network')
    expect((await start({})).people.empty.value).toBe(true)
  })
})

describe('notices', () => {
  const missed = (id: string) => ({ id, kind: 'missed_call' as const, from: someone('ben', 'Ben'), video: false, at: new Date(0) })

  it('are gone at once when seen, and for good', async () => {
    const on = [missed('n1'), missed('n2')]
    const seeNotice = vi.fn(() => Promise.resolve(void on.shift()))
    const app = createApp(fakeClient({ notices: () => Promise.resolve([...on]), seeNotice }), fakePage())
    await app.start()
    await settle()
    const seen = app.notices.see(missed('n1'))
    expect(app.notices.list.value?.map((x) => x.id)).toEqual(['n2'])
    await seen
    expect(seeNotice).toHaveBeenCalledWith('n1')
    expect(app.notices.list.value?.map((x) => x.id)).toEqual(['n2'])
  })

  it('are back where the server could not be told', async () => {
    const app = createApp(fakeClient({ notices: () => Promise.resolve([missed('n1')]), seeAllNotices: () => Promise.reject(noNetwork()) }), fakePage())
    await app.start()
    await settle()
    await app.notices.seeAll()
    expect(app.notices.list.value).toHaveLength(1)
    expect(app.toasts.list.value[0]?.problem?.code).toBe('network')
  })
})

describe('invitations', () => {
  const open = [{ id: 'i1', createdAt: new Date(0), expiresAt: new Date(1) }]

  it('make a link whose secret stands in the fragment', async () => {
    const page = fakePage()
    const list = [...open]
    const client = fakeClient({ createInvite: () => Promise.resolve({ id: 'i1', token: 'secretsecretsecret', expiresAt: new Date(1) }), invites: () => Promise.resolve([...list]) })
    const app = createApp(client, page)
    await app.start()
    await app.invites.make()
    await settle()
    const url = new URL(app.invites.link.value?.url ?? '')
    expect([url.origin, url.pathname, url.search]).toEqual(['https://calls.example', '/invite', ''])
    expect(url.hash).toContain('secretsecretsecret')
    expect(await app.invites.copy()).toBe(true)
    expect(page.copied).toEqual([url.href])
    list.pop() // somebody used it
    client.link.tell('frame', { kind: 'changed', body: { topic: 'invites' } })
    await settle()
    expect(app.invites.link.value).toBeUndefined()
  })

  it('lead friends to a page that they can reach, and to the own address in this network', async () => {
    const made = { id: 'i1', token: 'secretsecretsecret', expiresAt: new Date(1), page: 'http://192.168.0.2:8080/trust' }
    const linkAt = async (origin: string) => {
      const app = createApp(fakeClient({ createInvite: () => Promise.resolve(made), invites: () => Promise.resolve(open) }), { ...fakePage(), origin })
      await app.start()
      await app.invites.make()
      return app.invites.link.value
    }
    expect(await linkAt('http://localhost:8080')).toMatchObject({ url: 'http://192.168.0.2:8080/trust#secretsecretsecret.', here: 'http://localhost:8080/invite#secretsecretsecret.' })
    expect(await linkAt('http://[::1]:8080')).toMatchObject({ here: 'http://[::1]:8080/invite#secretsecretsecret.' })
    const lan = await linkAt('https://10.1.1.1:8443')
    expect(lan?.url).toBe('http://10.1.1.1:8080/trust#secretsecretsecret.')
    expect(lan).not.toHaveProperty('here')
  })

  it('say so where there are too many, and where copying is not allowed', async () => {
    const page = { ...fakePage(), copy: () => Promise.reject(new Error('no')) }
    const createInvite = vi.fn().mockRejectedValueOnce(refusal('too_many', [{ field: 'invites', rule: 'max', limit: 20 }])).mockResolvedValue({ id: 'i1', token: 'secretsecretsecret', expiresAt: new Date(1) })
    const app = createApp(fakeClient({ createInvite, invites: () => Promise.resolve(open) }), page)
    await app.start()
    expect(await app.invites.make()).toBe(false)
    expect(app.invites.making.problem.value?.code).toBe('too_many')
    await app.invites.make()
    expect(await app.invites.copy()).toBe(false)
    expect(app.toasts.list.value[0]?.problem?.code).toBe('clipboard')
  })

  it('can be taken back', async () => {
    const revokeInvite = vi.fn(() => Promise.resolve())
    const app = createApp(fakeClient({ revokeInvite }), fakePage())
    await app.start()
    await app.invites.revoke(open[0]!)
    expect(revokeInvite).toHaveBeenCalledWith('i1')
    expect(app.toasts.list.value[0]?.done).toBe('revoked')
  })
})

describe('settings', () => {
  it('keep the relay setting in this browser, and hand it to calls', () => {
    const page = fakePage()
    page.kept.set('ringfence.turn', 'tcp')
    const client = fakeClient()
    const app = createApp(client, page)
    expect(client.fakeCalls.settings).toMatchObject({ relay: 'auto', turn: 'tcp' })
    app.settings.setAlwaysRelay(true)
    expect(client.fakeCalls.settings.relay).toBe('always')
    expect(createApp(fakeClient(), page).settings.alwaysRelay.value).toBe(true)
    app.settings.setAlwaysRelay(false)
    expect(page.kept.has('ringfence.relay')).toBe(false)
  })

  it('save a name, and keep what was typed where that failed', async () => {
    const setDisplayName = vi.fn().mockRejectedValueOnce(noNetwork()).mockResolvedValue({ ...anna, displayName: 'Anna L' })
    const app = createApp(fakeClient({ setDisplayName }), fakePage())
    await app.start()
    app.settings.typeName('  ')
    await app.settings.saveName()
    expect(app.settings.saving.problem.value?.fields[0]?.rule).toBe('required')
    app.settings.typeName(' Anna L ')
    await app.settings.saveName()
    expect(app.settings.saving.problem.value?.code).toBe('network')
    expect(app.settings.displayName.value).toBe(' Anna L ')
    await app.settings.saveName()
    expect(setDisplayName).toHaveBeenLastCalledWith('Anna L')
    expect(app.settings.displayName.value).toBe('Anna L')
    expect(app.settings.changed.value).toBe(false)
  })
})

describe('messages', () => {
  it('are two at most, and go by themselves', () => {
    const app = createApp(fakeClient(), fakePage())
    for (const name of ['A', 'B', 'C']) app.toasts.done('removed', name)
    expect(app.toasts.list.value.map((x) => x.name)).toEqual(['B', 'C'])
    vi.advanceTimersByTime(20_000)
    expect(app.toasts.list.value).toEqual([])
  })
})
