// What others publish to test such code by.

import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

import { publicChecks, publicFaults } from '../../test/seal/public.ts'
import { type Obj } from '../../test/seal/vector.ts'

const folder = new URL('../../../../signal/seal/testdata/public/', import.meta.url)
const names = readdirSync(folder).filter((n) => n.endsWith('.json')).map((n) => n.slice(0, -'.json'.length))

it('has a check for each file', () => {
  expect(Object.keys(publicChecks).sort()).toEqual(names.sort())
})

it.each(names)('%s', async (name) => {
  const all = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Obj[]
  expect(all.length).toBeGreaterThan(0)
  expect(await publicFaults(name, all)).toEqual([])
})
