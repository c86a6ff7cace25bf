import { describe, expect, it, vi } from 'vitest'

import { anna, berta, device } from '../test/fakes.ts'
import { Api, type ApiOptions } from './api.ts'
import { browserEnvironment } from './environment.ts'
import { ApiError, NetworkError } from './errors.ts'
import { inviteLink, parseInvite } from './invite.ts'
import { errorCodes } from './wire.gen.ts'

interface Asked {
  readonly url: string
  readonly method: string
  readonly body: unknown
  readonly headers: Headers
  readonly init: RequestInit
}

const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(value === undefined ? null : JSON.stringify(value), { status, headers })

/** An Api whose server answers with what the test hands in. */
function server(answer: () => Response | Promise<Response>, options?: ApiOptions): { api: Api; asked: Asked[] } {
  const asked: Asked[] = []
  const env = browserEnvironment({
    fetch: async (url, init = {}) => {
      const body = typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined
      asked.push({ url: url as string, method: init.method ?? '', body, headers: new Headers(init.headers), init })
      return answer()
    },
  })
  return { api: new Api(env, options), asked }
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

const me = { id: anna, handle: 'anna.4821', display_name: 'Anna', role: '', device }
const meRead = { id: anna, handle: 'anna.4821', displayName: 'Anna', role: '', device }
const at = '2026-11-22T20:00:00Z'
const date = new Date(at)
const person = { account: berta, handle: 'berta.1111', display_name: 'Berta' }
const personRead = { account: berta, handle: 'berta.1111', displayName: 'Berta' }

type Row = [name: string, call: (api: Api) => Promise<unknown>, method: string, path: string, sent: unknown, answer: unknown, want: unknown]

const rows: Row[] = [
  [
    'server',
    (a) => a.server(),
    'GET',
    '/server',
    undefined,
    {
      name: 'Ringfence',
      version: '0.1',
      protocol: { min: 1, max: 1 },
      signup: 'invite',
      password: { min_length: 8, max_length: 128, min_score: 3 },
      limits: { friends: 1000, later: 'x' },
    },
    {
      name: 'Ringfence',
      version: '0.1',
      protocol: { min: 1, max: 1 },
      signup: 'invite',
      password: { minLength: 8, maxLength: 128, minScore: 3 },
      limits: { friends: 1000 },
    },
  ],
  [
    'inspectInvite of a friend',
    (a) => a.inspectInvite('t'),
    'POST',
    '/invites/inspect',
    { token: 't' },
    { kind: 'friend', expires_at: at, inviter: { account: berta, display_name: 'Berta' } },
    { kind: 'friend', expiresAt: date, inviter: { account: berta, displayName: 'Berta' } },
  ],
  ['inspectInvite of an operator', (a) => a.inspectInvite('t'), 'POST', '/invites/inspect', { token: 't' }, { kind: 'operator', expires_at: at }, { kind: 'operator', expiresAt: date }],
  [
    'signUp',
    (a) => a.signUp({ invite: 'i', name: 'anna', displayName: 'Anna', password: 'p', deviceName: 'd' }),
    'POST',
    '/signup',
    { invite: 'i', name: 'anna', display_name: 'Anna', password: 'p', device_name: 'd' },
    { account: me },
    meRead,
  ],
  ['signIn', (a) => a.signIn({ handle: 'anna.4821', password: 'p', device }), 'POST', '/login', { handle: 'anna.4821', password: 'p', device }, { account: me }, meRead],
  ['me', (a) => a.me(), 'GET', '/me', undefined, { ...me, later: 1 }, meRead],
  ['setDisplayName', (a) => a.setDisplayName('Anna'), 'PATCH', '/me', { display_name: 'Anna' }, me, meRead],
  [
    'friends',
    (a) => a.friends(),
    'GET',
    '/friends',
    undefined,
    {
      friends: [{ ...person, since: at, online: true }],
      incoming: [{ ...person, asked_at: at, expires_at: at }],
      outgoing: [{ account: berta, handle: 'b.1', asked_at: at, expires_at: at }],
      blocked: [{ ...person, handle: '', display_name: '' }],
    },
    {
      friends: [{ ...personRead, since: date, online: true }],
      incoming: [{ ...personRead, askedAt: date, expiresAt: date }],
      outgoing: [{ account: berta, handle: 'b.1', askedAt: date, expiresAt: date }],
      blocked: [{ account: berta, handle: '', displayName: '' }],
    },
  ],
  [
    'ask',
    (a) => a.ask('b.1'),
    'POST',
    '/friends/requests',
    { handle: 'b.1' },
    { account: berta, handle: 'b.1', asked_at: at, expires_at: at },
    { account: berta, handle: 'b.1', askedAt: date, expiresAt: date },
  ],
  ['createInvite', (a) => a.createInvite(), 'POST', '/invites', undefined, { id: berta, token: 't', expires_at: at }, { id: berta, token: 't', expiresAt: date }],
  ['createInvite opened elsewhere', (a) => a.createInvite(), 'POST', '/invites', undefined, { id: berta, token: 't', expires_at: at, page: 'http://10.0.0.2/trust' }, { id: berta, token: 't', expiresAt: date, page: 'http://10.0.0.2/trust' }],
  ['invites', (a) => a.invites(), 'GET', '/invites', undefined, { invites: [{ id: berta, created_at: at, expires_at: at }] }, [{ id: berta, createdAt: date, expiresAt: date }]],
  ['redeemInvite', (a) => a.redeemInvite('t'), 'POST', '/invites/redeem', { token: 't' }, { account: berta, display_name: 'Berta' }, { account: berta, displayName: 'Berta' }],
  [
    'notices, but kinds that are not known',
    (a) => a.notices(),
    'GET',
    '/notices',
    undefined,
    { notices: [{ id: berta, kind: 'missed_call', from: person, video: true, at }, { id: berta, kind: 'later' }] },
    [{ id: berta, kind: 'missed_call', from: personRead, video: true, at: date }],
  ],
]

const silent: [string, (api: Api) => Promise<void>, string, string][] = [
  ['signOut', (a) => a.signOut(), 'POST', '/logout'],
  ['acceptAsk', (a) => a.acceptAsk(berta), 'POST', `/friends/requests/${berta}/accept`],
  ['declineAsk', (a) => a.declineAsk(berta), 'POST', `/friends/requests/${berta}/decline`],
  ['withdrawAsk', (a) => a.withdrawAsk(berta), 'DELETE', `/friends/requests/${berta}`],
  ['removeFriend', (a) => a.removeFriend(berta), 'DELETE', `/friends/${berta}`],
  ['block', (a) => a.block(berta), 'PUT', `/friends/${berta}/block`],
  ['unblock', (a) => a.unblock(berta), 'DELETE', `/friends/${berta}/block`],
  ['revokeInvite', (a) => a.revokeInvite(berta), 'DELETE', `/invites/${berta}`],
  ['seeNotice', (a) => a.seeNotice(berta), 'DELETE', `/notices/${berta}`],
  ['seeAllNotices', (a) => a.seeAllNotices(), 'DELETE', '/notices'],
]

describe('a request', () => {
  it.each(rows)('%s', async (_, call, method, path, sent, answer, want) => {
    const { api, asked } = server(() => json(answer))
    expect(await call(api)).toEqual(want)
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ method, url: `/api/v1${path}` })
    expect(asked[0]?.body).toEqual(sent)
    expect(asked[0]?.headers.get('Content-Type')).toBe(sent === undefined ? null : 'application/json')
  })

  it.each(silent)('%s', async (_, call, method, path) => {
    const { api, asked } = server(() => json(undefined, 204))
    expect(await call(api)).toBeUndefined()
    expect(asked[0]).toMatchObject({ method, url: `/api/v1${path}`, body: undefined })
  })

  it('changePassword', async () => {
    const { api, asked } = server(() => json(undefined, 204))
    expect(await api.changePassword('old one', 'new one')).toBeUndefined()
    expect(asked[0]).toMatchObject({ method: 'PUT', url: '/api/v1/me/password', body: { current: 'old one', password: 'new one' } })
  })

  it('goes with the cookie of this origin and follows nobody elsewhere', async () => {
    const { api, asked } = server(() => json(me))
    await api.me()
    expect(asked[0]?.init).toMatchObject({ credentials: 'same-origin', redirect: 'error', cache: 'no-store' })
    expect(asked[0]?.headers.has('Authorization')).toBe(false)
  })

  it('cannot be led to another address by an id', async () => {
    const { api, asked } = server(() => json(undefined, 204))
    await api.removeFriend('../me?x=#')
    expect(asked[0]?.url).toBe('/api/v1/friends/..%2Fme%3Fx%3D%23')
  })

  it('goes with a bearer token where one was asked for', async () => {
    const { api, asked } = server(() => json({ account: me, token: 'secret' }), { base: 'https://b.example', bearer: true })
    await api.signIn({ handle: 'anna.4821', password: 'p' })
    expect(asked[0]?.body).toMatchObject({ bearer: true })
    expect(api.token).toBe('secret')
    await failure(api.me())
    expect(asked[1]?.url).toBe('https://b.example/api/v1/me')
    expect(asked[1]?.headers.get('Authorization')).toBe('Bearer secret')
    expect(asked[1]?.init.credentials).toBe('omit')
    await api.signOut()
    expect(api.token).toBeUndefined()
  })
})

describe('a refusal', () => {
  const problem = { type: 'about:blank', title: 'Invalid', status: 422, detail: 'Too short.', code: 'invalid', errors: [{ field: 'name', rule: 'min_length', limit: 2 }, { field: 'password', rule: 'required' }] }

  it('carries code, fields and bounds', async () => {
    const { api } = server(() => json(problem, 422))
    const error = await failure(api.me())
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code: 'invalid', status: 422, text: 'Too short.', field: 'name', rule: 'min_length', limit: 2, retryAfter: undefined })
    expect((error as ApiError).fields).toEqual(problem.errors)
  })

  it.each(errorCodes)('keeps the code %s', async (code) => {
    const { api } = server(() => json({ ...problem, code, errors: [] }, 400))
    expect(await failure(api.me())).toMatchObject({ code, fields: [], field: undefined, rule: undefined, limit: undefined })
  })

  it('of the current password is not a session that is over', async () => {
    const errors = [{ field: 'current', rule: 'wrong' }]
    const { api } = server(() => json({ ...problem, status: 401, code: 'bad_credentials', errors }, 401), { token: 'mine' })
    expect(await failure(api.changePassword('wrong', 'new one'))).toMatchObject({ code: 'bad_credentials', status: 401, field: 'current', rule: 'wrong' })
    expect(api.token).toBe('mine')
  })

  it('with a code of a later server is internal', async () => {
    const { api } = server(() => json({ ...problem, code: 'sparkling' }, 400))
    expect(await failure(api.me())).toMatchObject({ code: 'internal', field: 'name' })
  })

  it('says when to come back, by body or header', async () => {
    const one = server(() => json({ ...problem, code: 'rate_limited', retry_after: 7 }, 429, { 'Retry-After': '9' }))
    expect(await failure(one.api.me())).toMatchObject({ code: 'rate_limited', retryAfter: 7 })
    const two = server(() => json({ ...problem, code: 'rate_limited' }, 429, { 'Retry-After': '9' }))
    expect(await failure(two.api.me())).toMatchObject({ retryAfter: 9 })
    const three = server(() => json({ ...problem, code: 'rate_limited' }, 429, { 'Retry-After': 'soon' }))
    expect(await failure(three.api.me())).toMatchObject({ retryAfter: undefined })
  })

  it.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [413, 'too_large'],
    [429, 'rate_limited'],
    [500, 'internal'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [504, 'unavailable'],
  ])('of something in between counts by its status %i', async (status, code) => {
    const { api } = server(() => new Response('<html>no</html>', { status, headers: { 'Retry-After': '3' } }))
    expect(await failure(api.me())).toMatchObject({ name: 'ApiError', code, status, text: '', retryAfter: 3 })
    const other = server(() => json({ message: 'no' }, status))
    expect(await failure(other.api.me())).toMatchObject({ name: 'ApiError', code, status })
  })
})

describe('no answer', () => {
  it('counts as offline', async () => {
    const { api } = server(() => Promise.reject(new TypeError('Failed to fetch')))
    expect(await failure(api.me())).toMatchObject({ name: 'NetworkError', kind: 'offline' })
  })

  it('is told apart from giving up', async () => {
    const control = new AbortController()
    const { api } = server(() => {
      control.abort()
      return Promise.reject(control.signal.reason as Error)
    })
    expect(await failure(api.me({ signal: control.signal }))).toMatchObject({ kind: 'aborted' })
  })

  it('is given up after a while', async () => {
    const late = new AbortController()
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(late.signal)
    const { api } = server(() => {
      late.abort()
      return Promise.reject(late.signal.reason as Error)
    })
    expect(await failure(api.me())).toMatchObject({ kind: 'timeout' })
    expect(AbortSignal.timeout).toHaveBeenCalledWith(20_000)
  })

  it.each([
    ['not JSON', new Response('<html>')],
    ['nothing', new Response('')],
    ['another shape', json({ id: 7 })],
    ['no object', json([])],
    ['a malformed id', json({ ...me, id: 'anna' })],
    ['a missing field', json({ ...me, handle: undefined })],
  ])('is what %s counts as', async (_, response) => {
    const { api } = server(() => response)
    const error = await failure(api.me())
    expect(error).toBeInstanceOf(NetworkError)
    expect(error).toMatchObject({ kind: 'bad_answer' })
  })

  it.each(['yesterday', '2026-13-45T00:00:00Z', 7, null, ''])('nor is %o a time', async (expires_at) => {
    const { api } = server(() => json({ kind: 'operator', expires_at }))
    expect(await failure(api.inspectInvite('t'))).toMatchObject({ kind: 'bad_answer' })
  })
})

describe('an invite link', () => {
  const token = 'abcdefghijklmnopqrstuvwxyzABCDEFGH-_0123456'

  it('keeps what it holds in the fragment', () => {
    expect(inviteLink('https://ring.example', token)).toBe(`https://ring.example/invite#${token}.`)
    expect(new URL(inviteLink('https://ring.example', token, 'fp')).hash).toBe(`#${token}.fp`)
  })

  it.each([
    [`https://ring.example/invite#${token}.`, { token, fingerprint: '' }],
    [`https://ring.example/invite#${token}.finger-print`, { token, fingerprint: 'finger-print' }],
    [`#${token}.`, { token, fingerprint: '' }],
    [` ${token}\n`, { token, fingerprint: '' }],
    ['', undefined],
    ['#', undefined],
    ['https://ring.example/invite', undefined],
    ['#short.', undefined],
    [`#${token}.a.b`, undefined],
    [`#${token}!`, undefined],
    [`#${'x'.repeat(129)}.`, undefined],
  ])('is read from %j', (text, want) => {
    expect(parseInvite(text)).toEqual(want)
  })
})
