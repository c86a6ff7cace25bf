// What this side makes is on disk, where the Go tests read it. After a change
// on purpose: `UPDATE_VECTORS=1 npx vitest run sdk/src/seal/made.test.ts`.

import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'

import { make } from '../../test/seal/make.ts'

const file = new URL('../../../../signal/seal/testdata/vectors/made-ts.json', import.meta.url)

it('makes the vectors that are checked in, byte by byte', async () => {
  const text = `${JSON.stringify(await make(), null, 1)}\n`
  if (process.env['UPDATE_VECTORS'] === '1') writeFileSync(file, text)
  expect(readFileSync(file, 'utf8') === text).toBe(true)
}, 30_000)
