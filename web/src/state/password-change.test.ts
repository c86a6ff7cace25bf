import { describe, expect, it, vi } from 'vitest'

import { anna, fakeClient, fakePage, noNetwork, refusal } from '../testing/fakes.ts'
import { createApp } from './app.ts'
import { type Scorer } from './password.ts'
import { PasswordChange } from './password-change.ts'
import { type Api } from './ports.ts'

const strict: Scorer = (password) => ({ score: password.includes(' ') ? 4 : 1 })
const rule = (change: PasswordChange) => change.attempt.problem.value?.fields.map((x) => `${x.field}.${x.rule}`)

async function changing(api: Partial<Api>, judge = strict) {
  const client = fakeClient(api)
  const app = createApp(client, fakePage('/settings'))
  await app.start()
  const change = new PasswordChange(client.api, app.session, app.toasts, () => Promise.resolve(judge))
  await change.next.prepare()
  return { app, change }
}

describe('another password', () => {
  it('is asked for only when the form will do', async () => {
    const changePassword = vi.fn(() => Promise.resolve())
    const { change } = await changing({ changePassword })
    expect(change.begun.value).toBe(false)
    await change.save()
    expect(rule(change)).toEqual(['current.required', 'password.required'])
    change.typeCurrent('old old old')
    expect(change.begun.value).toBe(true)
    expect(change.attempt.problem.value).toBeUndefined()
    for (const [typed, wrong] of [['short', 'min_length'], ['password1', 'strength'], ['old old old', 'differs']] as const) {
      change.typeNext(typed)
      await change.save()
      expect(rule(change)).toEqual([`password.${wrong}`])
    }
    expect(changePassword).not.toHaveBeenCalled()
  })

  it('is judged with the person’s own words, by the server’s rules', async () => {
    const judge = vi.fn<Scorer>(() => ({ score: 3 }))
    const { app, change } = await changing({ server: () => Promise.resolve({ name: '', version: '', protocol: { min: 1, max: 1 }, signup: 'invite', password: { minLength: 12, maxLength: 128, minScore: 4 }, limits: {} }) }, judge)
    await app.session.learn()
    change.typeCurrent('old old old')
    change.typeNext('lamp violin')
    expect(change.next.tooShort.value).toBe(true)
    change.typeNext('lamp violin gravel')
    await change.save()
    expect(rule(change)).toEqual(['password.strength'])
    expect(judge).toHaveBeenLastCalledWith('lamp violin gravel', [anna.displayName, 'anna'])
  })

  it('keeps what was typed, and the session, until it went through', async () => {
    const changePassword = vi
      .fn()
      .mockRejectedValueOnce(refusal('bad_credentials', [{ field: 'current', rule: 'wrong' }]))
      .mockRejectedValueOnce(noNetwork())
      .mockResolvedValue(undefined)
    const { app, change } = await changing({ changePassword })
    change.typeCurrent('old old old')
    change.typeNext('lamp violin gravel')
    for (const code of ['bad_credentials', 'network']) {
      await change.save()
      expect(change.attempt.problem.value?.code).toBe(code)
      expect([change.current.value, change.next.value.value]).toEqual(['old old old', 'lamp violin gravel'])
      expect(app.session.standing.value).toBe('in')
      expect(app.toasts.list.value).toEqual([])
    }
    await change.save()
    expect(changePassword).toHaveBeenLastCalledWith('old old old', 'lamp violin gravel')
    expect([change.current.value, change.next.value.value]).toEqual(['', ''])
    expect(app.toasts.list.value[0]?.done).toBe('passwordChanged')
  })

  it('does not wait for whoever comes next', async () => {
    const app = createApp(fakeClient({ signOut: () => Promise.resolve() }), fakePage('/settings'))
    await app.start()
    app.passwordChange.typeCurrent('old old old')
    app.passwordChange.typeNext('lamp violin gravel')
    await app.signOut()
    expect([app.passwordChange.current.value, app.passwordChange.next.value.value]).toEqual(['', ''])
  })
})
