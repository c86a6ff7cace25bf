import { expect, it } from 'vitest'

import { inOrder } from './still.ts'

const idOf = (x: string): string => x.toLowerCase()

it.each([
  ['the same ones keep their places, as they are now', ['C', 'a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'C']],
  ['one more', ['c', 'a', 'b'], ['a', 'b'], ['c', 'a', 'b']],
  ['one less', ['b', 'a'], ['a', 'b', 'c'], ['b', 'a']],
  ['another in the place of one', ['d', 'a', 'b'], ['a', 'b', 'c'], ['d', 'a', 'b']],
])('%s', (_, items, before, want) => {
  expect(inOrder(items, idOf, before)).toEqual(want)
})
