import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

import { scores } from './scores.ts'

const root = new URL('../state/', import.meta.url)

/** All that decides when something is heard. */
const code = readdirSync(root)
  .filter((file) => file.endsWith('.ts') && !file.includes('.test.'))
  .map((file) => readFileSync(new URL(file, root), 'utf8'))
  .join('\n')

/** What comes after sounds.loop or play, or is chosen for it. */
const heard = new Set([...code.matchAll(/(?:[?:] |lay\()'(\w+)'/g)].map((m) => m[1]))

it('every sound is heard somewhere', () => {
  expect(Object.keys(scores).filter((name) => !heard.has(name))).toEqual([])
})
