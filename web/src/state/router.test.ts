import { expect, it } from 'vitest'

import { fakePage } from '../testing/fakes.ts'
import { find, friendAt, Router, routes } from './router.ts'

it.each(routes.map((x) => [x.example, x.route] as const))('%s leads to %s', (example, route) => {
  expect(find(example).route).toBe(route)
})

it('has an example of every pattern, and no pattern twice', () => {
  expect(new Set(routes.map((x) => x.pattern)).size).toBe(routes.length)
  for (const { pattern, example } of routes) expect(example.split('/').length).toBe(pattern.split('/').length)
})

it.each(['/nowhere', '/people', '/people/', '/people/a/b', '/settings/you/more', '/people/%E0%A4%A', ''])('%s leads nowhere', (path) => {
  expect(find(path)).toEqual({ route: 'missing', params: {}, open: true })
})

it('reads what an address names, whatever characters are in it', () => {
  expect(find(friendAt('a/b ü')).params).toEqual({ account: 'a/b ü' })
  expect(find('/settings/devices').params).toEqual({ section: 'devices' })
})

it('follows the address bar, with or without a slash at the end', () => {
  const page = fakePage('/people/ben/')
  const router = new Router(page.place)
  expect(router.params.value['account']).toBe('ben')
  router.go('/calls')
  expect(router.route.value).toBe('calls')
  page.back('/people/chi')
  expect([router.route.value, router.params.value['account']]).toEqual(['friend', 'chi'])
})
