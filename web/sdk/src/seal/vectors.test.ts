// The vectors that the Go tests read, and those made here: both sides must
// take and refuse the same, for the same reason.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { fault } from '../../test/seal/check.ts'
import { ops } from '../../test/seal/ops.ts'
import { type VectorFile } from '../../test/seal/vector.ts'
import { reasons } from './reason.ts'

const folder = new URL('../../../../signal/seal/testdata/vectors/', import.meta.url)
const names = readdirSync(folder).filter((n) => n.endsWith('.json'))
const files = names.map((name) => ({ name, file: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as VectorFile }))

describe.each(files)('$name', ({ name, file }) => {
  it('is made by whom its name says', () => {
    expect(file.made_by).toBe(name.endsWith('-ts.json') ? 'ts' : 'go')
  })

  it.each(file.cases)('$name', async (c) => {
    expect(await fault(c)).toBeUndefined()
  })
})

describe('the list of vectors', () => {
  const all = files.flatMap(({ file }) => file.cases)

  it('leaves none out', () => {
    // Go's own number, from the files as they are checked in: whoever adds vectors says so here.
    const go = files.filter(({ file }) => file.made_by === 'go').flatMap(({ file }) => file.cases)
    expect({ cases: go.length, refused: go.filter((c) => c.reason !== undefined).length }).toEqual({ cases: 479, refused: 352 })
  })

  it('has each op of the README, and no other', () => {
    const told = [...readFileSync(new URL('README.md', folder), 'utf8').matchAll(/^\| `(\w+)`/gm)].map((m) => m[1])
    expect(Object.keys(ops).sort()).toEqual(told.sort())
    expect(new Set(all.map((c) => c.op))).toEqual(new Set(told))
  })

  it('has no reason that is not listed', () => {
    const known = new Set<string>(reasons)
    expect(all.filter((c) => c.reason !== undefined && !known.has(c.reason))).toEqual([])
  })

  it('has the reasons of Go, in their order', () => {
    const go = readFileSync(new URL('../../reason.go', folder), 'utf8')
    expect([...go.matchAll(/Reason = "(\w+)"/g)].map((m) => m[1])).toEqual(reasons)
  })
})
