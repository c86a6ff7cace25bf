import { expect, it, vi } from 'vitest'

import { anna, fakeClient, fakePage, friend, nobody, settle, someone } from '../testing/fakes.ts'
import { createApp } from './app.ts'
import { byDay, historyLimit, type PastCall } from './history.ts'

const past = (id: string, at: number, over: Partial<PastCall> = {}): PastCall => ({
  id, peer: 'ben', name: 'Ben', incoming: true, video: false, at, seconds: 0, outcome: 'missed', ...over,
})

async function open(page = fakePage(), over: Parameters<typeof fakeClient>[0] = {}) {
  vi.useFakeTimers()
  const client = fakeClient({ friends: () => Promise.resolve({ ...nobody, friends: [friend('ben', 'Ben', true)] }), signOut: () => Promise.resolve(), ...over })
  const app = createApp(client, page)
  await app.start()
  await settle()
  return { app, client, page, calls: client.fakeCalls, list: () => app.history.list.value.map((x) => x.outcome) }
}

it('remembers a call that was talked in, with how long it was', async () => {
  const { app, calls } = await open()
  app.call.start('ben', true)
  calls.current?.set({ state: 'connected', connectedAt: 1, ran: 65 })
  calls.end('hangup', true)
  expect(app.history.of('ben')).toMatchObject([{ name: 'Ben', incoming: false, video: true, seconds: 65, outcome: 'talked', at: app.now().getTime() }])
  expect(app.history.of('chi')).toEqual([])
})

it.each([
  ['outgoing', 'cancelled', true, 'cancelled'],
  ['outgoing', 'declined', false, 'declined'],
  ['outgoing', 'busy', false, 'busy'],
  ['outgoing', 'no_answer', false, 'unanswered'],
  ['outgoing', 'offline', false, 'unanswered'],
  ['outgoing', 'unreachable', false, 'failed'],
  ['incoming', 'cancelled', false, 'missed'],
  ['incoming', 'no_answer', false, 'missed'],
  ['incoming', 'declined', true, 'declined'],
  ['incoming', 'declined', false, 'declined'],
  ['incoming', 'answered_elsewhere', false, 'elsewhere'],
  ['incoming', 'failed', false, 'failed'],
] as const)('an %s call that ends with %s, by us: %s, was %s', async (direction, end, byUs, outcome) => {
  const { app, calls, list } = await open()
  app.call.start('ben', false)
  calls.current?.set({ direction, state: direction })
  calls.end(end, byUs)
  expect(list()).toEqual([outcome])
  app.call.close()
  expect(list()).toEqual([outcome])
})

it('takes two calls that crossed for one', async () => {
  const { app, calls, list } = await open()
  app.call.start('ben', false)
  calls.end('glare')
  expect(list()).toEqual([])
})

it('survives loading anew, and not signing out', async () => {
  const page = fakePage()
  const first = await open(page)
  first.app.call.start('ben', false)
  first.calls.end('no_answer')
  const second = await open(page)
  expect(second.list()).toEqual(['unanswered'])
  await second.app.signOut()
  expect(second.list()).toEqual([])
  expect([...page.kept.values()].join()).not.toContain('ben')
  expect((await open(page)).list()).toEqual([])
})

it('is not written again by a tab that has not heard of the signing out, nor is another account’s taken for it', async () => {
  const page = fakePage()
  const { app } = await open(page)
  const late = await open(page)
  app.history.add(past('1', 1))
  await app.signOut()
  late.app.history.add(past('2', 2))
  expect(page.kept.get('ringfence.history')).toBeUndefined()
  const chi = await open(page, { me: () => Promise.resolve({ ...anna, id: 'chi' }) })
  chi.app.history.add(past('3', 3, { name: 'Dan' }))
  late.app.history.add(past('4', 4))
  late.app.session.lost()
  expect(page.kept.get('ringfence.history')).toMatch(/^(?!.*Ben).*Dan/)
})

it('is the account’s own, and of what was written by hand only what makes sense', async () => {
  const page = fakePage()
  page.kept.set('ringfence.history', JSON.stringify({ account: 'somebody', since: 0, calls: [past('1', 1)] }))
  expect((await open(page)).list()).toEqual([])
  page.kept.set('ringfence.history', JSON.stringify({ account: 'anna', since: 0, calls: [past('1', 1), { id: 2 }, null, past('3', 3, { outcome: 'odd' as 'missed' })] }))
  expect((await open(page)).app.history.list.value.map((x) => x.id)).toEqual(['1'])
  page.kept.set('ringfence.history', '{')
  expect((await open(page)).list()).toEqual([])
})

it('keeps the newest, and what another tab has added', async () => {
  const page = fakePage()
  const { app } = await open(page)
  const other = await open(page)
  for (let i = 1; i <= historyLimit; i++) app.history.add(past(`c${i}`, i))
  other.app.history.add(past('last', 9999))
  const ids = other.app.history.list.value.map((x) => x.id)
  expect([ids.length, ids[0], ids[1], ids.at(-1)]).toEqual([historyLimit, 'last', `c${historyLimit}`, 'c2'])
})

it('is cleared, and comes back when one thinks better of it', async () => {
  const { app, page } = await open()
  app.history.add(past('1', 1))
  app.history.clear()
  expect(app.history.list.value).toEqual([])
  expect(page.kept.get('ringfence.history')).not.toContain('Ben')
  app.history.add(past('2', 2))
  app.toasts.list.value.at(-1)?.undo?.()
  expect(app.history.list.value.map((x) => x.id)).toEqual(['2', '1'])
})

it('takes in calls that were missed while nobody was there, each once, and none that was thrown away', async () => {
  const at = new Date('2026-03-01T11:00:00Z')
  const notice = { id: 'n1', kind: 'missed_call' as const, from: someone('ben', 'Ben'), video: true, at }
  const { app } = await open(fakePage(), { notices: () => Promise.resolve([notice]) })
  expect(app.history.list.value).toMatchObject([{ id: 'notice:n1', outcome: 'missed', video: true, at: at.getTime() }])
  app.history.add(past('own', at.getTime() - 30_000))
  await app.notices.refresh()
  expect(app.history.list.value.map((x) => x.id)).toEqual(['own'])
  app.history.clear()
  await app.notices.refresh()
  expect(app.history.list.value).toEqual([])
})

it('puts calls under their days', () => {
  const noon = (day: number): number => new Date(2026, 2, day, 12).getTime()
  const days = byDay([past('3', noon(2) + 9e6), past('2', noon(2)), past('1', noon(1))])
  expect(days.map((d) => [d.start.getDate(), d.calls.map((x) => x.id)])).toEqual([[2, ['3', '2']], [1, ['1']]])
})
