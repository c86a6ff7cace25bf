import { describe, expect, it, vi } from 'vitest'

import { anna, fakeApi, noNetwork, refusal } from '../testing/fakes.ts'
import { checkHandle, checkName, handleFrom, lengthOf } from './names.ts'
import { NewPassword, type Scorer } from './password.ts'
import { type Api } from './ports.ts'
import { Session } from './session.ts'
import { Welcome } from './welcome.ts'

const inviter = { account: 'ben', displayName: 'Ben' }
const good = { kind: 'friend' as const, inviter, expiresAt: new Date(1) }
const link = '#tokentokentokentoken.'
const strict: Scorer = (p) => ({ score: p.length > 12 ? 4 : 0, why: 'common' })
const server = { name: 'Ringfence', version: '1', protocol: { min: 1, max: 1 }, signup: 'invite', password: { minLength: 8, maxLength: 128, minScore: 3 }, limits: {} }

function welcomeWith(over: Partial<Api>) {
  const api = fakeApi({ inspectInvite: () => Promise.resolve(good), server: () => Promise.resolve(server), ...over })
  const session = new Session(api, { connect: () => undefined, disconnect: () => undefined })
  return { welcome: new Welcome(api, session, () => Promise.resolve(strict)), session }
}

describe('a link', () => {
  it('says who invites', async () => {
    const inspectInvite = vi.fn(() => Promise.resolve(good))
    const { welcome } = welcomeWith({ inspectInvite })
    await welcome.open(link)
    expect(welcome.found.value).toBe('good')
    expect(welcome.info.value?.inviter?.displayName).toBe('Ben')
    await welcome.open(link) // coming back to it asks no more
    expect(inspectInvite).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['', 'none'],
    ['#', 'none'],
    ['#short', 'bad'],
  ])('that is %j is %s', async (hash, found) => {
    const { welcome } = welcomeWith({})
    await welcome.open(hash)
    expect(welcome.found.value).toBe(found)
  })

  it('that was used is bad; one that could not be asked about is unknown', async () => {
    const inspectInvite = vi.fn().mockRejectedValueOnce(refusal('invite_invalid')).mockRejectedValueOnce(noNetwork()).mockResolvedValue(good)
    const { welcome } = welcomeWith({ inspectInvite })
    await welcome.open(link)
    expect(welcome.found.value).toBe('bad')
    await welcome.open(link)
    expect(welcome.found.value).toBe('unknown')
    expect(welcome.problem.value?.code).toBe('network')
    await welcome.open(link)
    expect(welcome.found.value).toBe('good')
  })
})

describe('the way in', () => {
  const toPassword = async (over: Partial<Api>) => {
    const w = welcomeWith(over)
    await w.welcome.open(link)
    w.welcome.begin()
    w.welcome.displayName.value = ' Zoë Müller '
    w.welcome.toPassword()
    await w.welcome.password.prepare()
    return w
  }

  it('makes a handle of the name until one is typed', () => {
    const { welcome } = welcomeWith({})
    welcome.displayName.value = 'Zoë Müller'
    expect(welcome.name.value).toBe('zoe-muller')
    welcome.typedName.value = 'zo'
    welcome.displayName.value = 'Zoë M'
    expect(welcome.name.value).toBe('zo')
  })

  it('says what is wrong with both fields at once', async () => {
    const { welcome } = welcomeWith({})
    await welcome.open(link)
    welcome.begin()
    welcome.typedName.value = '4you'
    welcome.toPassword()
    expect(welcome.step.value).toBe('name')
    expect(welcome.attempt.problem.value?.fields.map((x) => `${x.field}.${x.rule}`)).toEqual(['display_name.required', 'name.first_letter'])
  })

  it('makes the account, and has a friend at the end', async () => {
    const signUp = vi.fn(() => Promise.resolve(anna))
    const { welcome, session } = await toPassword({ signUp })
    expect(welcome.step.value).toBe('password')
    welcome.password.value.value = 'short1'
    await welcome.create()
    expect(welcome.attempt.problem.value?.fields[0]?.rule).toBe('min_length')
    welcome.password.value.value = 'password1'
    await welcome.create()
    expect(welcome.attempt.problem.value?.fields[0]).toMatchObject({ rule: 'strength', limit: 3 })
    expect(signUp).not.toHaveBeenCalled()
    welcome.password.value.value = 'lamp violin gravel'
    await welcome.create()
    expect(signUp).toHaveBeenCalledWith({ invite: 'tokentokentokentoken', name: 'zoe-muller', displayName: 'Zoë Müller', password: 'lamp violin gravel' })
    expect(welcome.step.value).toBe('done')
    expect(welcome.friend.value).toEqual(inviter)
    expect(session.standing.value).toBe('in')
    expect(welcome.password.value.value).toBe('')
  })

  it('keeps everything that was typed where the request failed', async () => {
    const signUp = vi.fn().mockRejectedValueOnce(noNetwork()).mockResolvedValue(anna)
    const { welcome } = await toPassword({ signUp })
    welcome.password.value.value = 'lamp violin gravel'
    await welcome.create()
    expect(welcome.attempt.problem.value?.code).toBe('network')
    expect([welcome.step.value, welcome.displayName.value, welcome.name.value, welcome.password.value.value]).toEqual(['password', ' Zoë Müller ', 'zoe-muller', 'lamp violin gravel'])
    await welcome.create()
    expect(welcome.step.value).toBe('done')
  })

  it('goes back to the name where the server finds the fault there', async () => {
    const { welcome } = await toPassword({ signUp: () => Promise.reject(refusal('name_taken', [{ field: 'name', rule: 'taken' }])) })
    welcome.password.value.value = 'lamp violin gravel'
    await welcome.create()
    expect(welcome.step.value).toBe('name')
    expect(welcome.attempt.problem.value?.code).toBe('name_taken')
  })

  it('says so where the link died meanwhile', async () => {
    const { welcome } = await toPassword({ signUp: () => Promise.reject(refusal('invite_invalid')) })
    welcome.password.value.value = 'lamp violin gravel'
    await welcome.create()
    expect(welcome.found.value).toBe('bad')
  })

  it('somebody who has an account takes the invitation as it is', async () => {
    const redeemInvite = vi.fn(() => Promise.resolve(inviter))
    const { welcome } = welcomeWith({ redeemInvite })
    await welcome.open(link)
    expect(await welcome.redeem()).toBe(true)
    expect(redeemInvite).toHaveBeenCalledWith('tokentokentokentoken')
    expect(welcome.friend.value).toEqual(inviter)
  })
})

describe('names', () => {
  it.each([
    ['Zoë Müller', 'zoe-muller'],
    ['  Anna  ', 'anna'],
    ['Groß & Klein', 'gross-klein'],
    ['4 Anna', 'anna'],
    ['أحمد', ''],
    ['A', ''],
    ['Wilhelmina-Theodora von und zu', 'wilhelmina-theodora'],
  ])('%j gives the handle %j', (name, handle) => {
    expect(handleFrom(name)).toBe(handle)
    if (handle !== '') expect(checkName(handle)).toBeUndefined()
  })

  it('counts what people see as characters', () => {
    expect(lengthOf('👩‍👩‍👧‍👦é')).toBe(2)
  })

  it('knows a whole handle', () => {
    expect(checkHandle(' Anna.4821 ')).toBeUndefined()
    for (const wrong of ['anna', 'anna.48', 'a.4821', 'anna.48211', '@anna.4821']) expect(checkHandle(wrong)?.fields[0]?.rule, wrong).toBe('format')
  })
})

describe('a password being chosen', () => {
  it('is judged as it is typed, with the person’s own words', async () => {
    const judge = vi.fn<Scorer>(() => ({ score: 1, why: 'userInputs' }))
    const password = new NewPassword(() => ['Zoë', 'zoe'], () => Promise.resolve(judge))
    password.value.value = 'zoezoezoe'
    expect(password.score.value).toBeUndefined()
    await password.prepare()
    expect(password.score.value).toEqual({ score: 1, why: 'userInputs' })
    expect(judge).toHaveBeenCalledWith('zoezoezoe', ['Zoë', 'zoe'])
  })

  it('is left to the server where the dictionaries could not be loaded', async () => {
    const load = vi.fn(() => Promise.reject(new Error('no network')))
    const password = new NewPassword(() => [], load)
    await password.prepare()
    password.value.value = 'password1'
    expect(password.check()).toBeUndefined()
    await password.prepare()
    expect(load).toHaveBeenCalledTimes(2)
  })

  it('by the real dictionaries: own names, common and good ones', async () => {
    const { scorer } = await import('./scorer.ts')
    const judge = scorer()
    expect(judge('password1', [])).toMatchObject({ score: 0, why: 'common' })
    expect(judge('zoemuller', ['Zoë Müller', 'zoemuller'])).toMatchObject({ why: 'userInputs' })
    expect(judge('ringfence', []).score).toBe(0)
    expect(judge('lamp violin gravel tundra', []).score).toBe(4)
  })
})
