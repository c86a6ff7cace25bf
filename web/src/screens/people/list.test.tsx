// @vitest-environment happy-dom
import { options, render, type VNode } from 'preact'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { createApp } from '../../state/app.ts'
import { fakeClient, fakePage, friend, nobody, settle } from '../../testing/fakes.ts'
import { en } from '../../text/en/index.ts'
import { setText } from '../../text/index.ts'
import { pseudoText } from '../../text/pseudo.ts'
import { AppContext } from '../../ui/context.ts'
import { PeopleList } from './list.tsx'
import { PersonRow } from './row.tsx'

// Counted and not timed: how long a row or a sort takes depends on the machine, how often each is done does not.
const many = Array.from({ length: 500 }, (_, i) => friend(`f${i}`, `Friend ${String((i * 7) % 500).padStart(3, '0')}`))
let rows = 0

beforeEach(() => {
  vi.stubGlobal('ResizeObserver', class { observe(): void {} disconnect(): void {} })
  rows = 0
})
afterEach(() => {
  Reflect.set(options, '__r', drawing)
  render(null, document.body)
  setText(en)
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** Preact's hook before a component is drawn; only there is it known that it was, and not skipped. */
const drawing = Reflect.get(options, '__r') as (node: VNode) => void

async function open() {
  const client = fakeClient({ friends: () => Promise.resolve({ ...nobody, friends: many }) })
  const app = createApp(client, fakePage())
  await app.start()
  await settle()
  Reflect.set(options, '__r', (node: VNode) => {
    if (node.type === PersonRow) rows++
    drawing(node)
  })
  render(
    <AppContext.Provider value={app}>
      <PeopleList heading />
    </AppContext.Provider>,
    document.body,
  )
  await settle()
  expect(rows).toBeGreaterThan(20)
  rows = 0
  return { app, client, names: () => [...document.querySelectorAll('.virtual .name')].map((x) => x.textContent) }
}

it('draws no row anew but whose friend or place for Tab changed, and sorts nothing where one of 500 friends comes or goes', async () => {
  const { app, client, names } = await open()
  const sort = vi.spyOn(Array.prototype, 'sort')
  const fourth = app.people.friends.value[3]?.account ?? ''
  for (const online of [true, false]) {
    client.link.tell('frame', { kind: 'presence', body: { account: fourth, online } })
    await settle()
  }
  // Each time two: whoever is now first, and whoever was, is or isn't reached by Tab.
  expect(rows).toBeLessThanOrEqual(4)
  expect(rows).toBeGreaterThan(0)
  expect(sort.mock.contexts.filter((x) => (x as unknown[]).length === many.length)).toEqual([])
  expect(names().slice(0, 4)).toEqual(['Friend 000', 'Friend 001', 'Friend 002', 'Friend 003'])
})

it('lets no row change its place under a pointer that is about to press, and puts it in its place afterwards', async () => {
  const { app, client, names } = await open()
  const list = document.querySelector('.virtual')
  const fourth = app.people.friends.value[3]?.account ?? ''
  vi.useFakeTimers()
  list?.dispatchEvent(new Event('pointermove'))
  client.link.tell('frame', { kind: 'presence', body: { account: fourth, online: true } })
  await vi.advanceTimersByTimeAsync(1_900)
  expect(names().slice(0, 4)).toEqual(['Friend 000', 'Friend 001', 'Friend 002', 'Friend 003'])
  expect(document.querySelectorAll('.virtual .person')[3]?.textContent).toContain(en.people.online)
  list?.dispatchEvent(new Event('pointermove'))
  list?.dispatchEvent(new Event('pointerleave'))
  await vi.advanceTimersByTimeAsync(500)
  expect(names().slice(0, 4)).toEqual(['Friend 003', 'Friend 000', 'Friend 001', 'Friend 002'])
  vi.useRealTimers()
})

it('folds no name again for each letter of a search', async () => {
  const { app, names } = await open()
  app.people.search.value = 'f'
  await settle()
  const normalize = vi.spyOn(String.prototype, 'normalize')
  for (const words of ['fr', 'friend 00', 'friend 003']) {
    app.people.search.value = words
    await settle()
  }
  expect(normalize.mock.calls.length).toBeLessThan(10)
  expect(names()).toEqual(['Friend 003'])
})

it('draws every row anew in another language', async () => {
  await open()
  setText(pseudoText())
  await settle()
  expect(rows).toBeGreaterThan(20)
  expect(document.querySelector('.virtual')?.textContent).not.toContain(en.people.offline)
})
