// Whatever the hub hands over is taken or refused with a reason, and throws
// nothing else: bytes of vectors that hold, changed, cut and made longer.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { run } from '../../test/seal/check.ts'
import { bytes, type Case, type Obj, type VectorFile } from '../../test/seal/vector.ts'
import { hex } from './bytes.ts'

const folder = new URL('../../../../signal/seal/testdata/vectors/', import.meta.url)
const cases = readdirSync(folder)
  .filter((n) => n.endsWith('.json'))
  .flatMap((n) => (JSON.parse(readFileSync(new URL(n, folder), 'utf8')) as VectorFile).cases)

/** What of each op comes from others; everything else a device has itself. */
const foreign: Readonly<Record<string, readonly string[]>> = {
  log: ['log'], follow: ['log'], pins: ['pins'], sync: ['body'], content: ['body'], backup: ['backup'], link: ['text'], request: ['request'],
  accept: ['accept'], scan: ['scan'], prekey: ['prekey'], open: ['wire'], ring: ['body'], answer: ['body'], description: ['sdp'], frame: ['frame'],
  link_new: ['m1'], link_old: ['m2'], link_reveal: ['m3'], kem_key: ['pub'], signing_key: ['key'], code: ['text'],
}

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 32)
const rounds = 12

/** dice is a small generator of numbers below n, the same for the same seed (mulberry32). */
function dice(from: number): (n: number) => number {
  let a = from
  return (n) => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

/** broken changes one byte, cuts the end, adds to it, or takes something from the middle. */
function broken(text: string, spelled: boolean, roll: (n: number) => number): string {
  if (spelled) {
    const at = roll(text.length + 1)
    return [text.slice(0, at), `${text.slice(0, at)}${String.fromCharCode(roll(0x300))}${text.slice(at + 1)}`, `${text}${text}`][roll(3)] ?? ''
  }
  const b = bytes(text)
  const at = roll(b.length + 1)
  switch (roll(4)) {
    case 0:
      b[at] = roll(256) // past the end it changes nothing
      return hex(b)
    case 1:
      return hex(b.subarray(0, at))
    case 2:
      return hex(b) + hex(Uint8Array.from({ length: 1 + roll(64) }, () => roll(256)))
    default:
      return hex(b.subarray(0, at)) + hex(b.subarray(Math.min(b.length, at + 1 + roll(32))))
  }
}

describe(`what is broken, with SEED=${seed}`, () => {
  const good = cases.filter((c) => c.reason === undefined && foreign[c.op] !== undefined)

  it('is of every op that takes something from others', () => {
    expect(new Set(good.map((c) => c.op))).toEqual(new Set(Object.keys(foreign)))
  })

  it.each(Object.keys(foreign))('%s', async (op) => {
    const roll = dice(seed)
    const all = good.filter((c) => c.op === op)
    let refused = 0
    for (let i = 0; i < rounds * Math.min(all.length, 6); i++) {
      const c = all[roll(all.length)] as Case
      const fields: Obj = Object.fromEntries(Object.entries(c.in).map(([k, v]) => [k, foreign[op]?.includes(k) === true && typeof v === 'string' ? broken(v, k === 'text', roll) : v]))
      const { reason } = await run({ op, in: fields })
      if (reason !== undefined) refused++
    }
    expect(refused).toBeGreaterThan(0)
  }, 30_000)
})
