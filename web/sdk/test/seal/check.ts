// Whether a case comes out as it says.

import { reasonOf } from '../../src/seal/index.ts'
import { ops } from './ops.ts'
import { type Case, Vector } from './vector.ts'

/** run does what a case says: what comes out, or why nothing does. */
export async function run(c: Pick<Case, 'op' | 'in'>): Promise<{ readonly out?: Readonly<Record<string, unknown>>; readonly reason?: string }> {
  const op = ops[c.op]
  if (op === undefined) throw new Error(`no such op: ${c.op}`)
  try {
    return { out: await op(new Vector(c.in)) }
  } catch (e) {
    const reason = reasonOf(e)
    if (reason === undefined) throw e
    return { reason }
  }
}

/** fault says what is wrong with a case, and is undefined where nothing is. */
export async function fault(c: Case): Promise<string | undefined> {
  const got = await run(c).catch((e: unknown) => ({ reason: `threw ${String(e)}` }))
  if (got.reason !== c.reason) return `${c.name}: got ${got.reason ?? 'taken'}, want ${c.reason ?? 'taken'}`
  if (!('out' in got)) return undefined
  const wrong = Object.entries(c.out ?? {}).filter(([k, want]) => JSON.stringify(got.out?.[k]) !== JSON.stringify(want))
  return wrong.length === 0 ? undefined : `${c.name}: ${wrong.map(([k, want]) => `${k}: got ${JSON.stringify(got.out?.[k])}, want ${JSON.stringify(want)}`).join('; ')}`
}
