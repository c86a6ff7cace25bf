// Reading a catalogue as a whole, for tests.

export type Leaf = string | ((...args: unknown[]) => unknown)

/** Every string and function of a catalogue, by its path. */
export function leaves(node: unknown, path = ''): [string, Leaf][] {
  if (typeof node === 'string' || typeof node === 'function') return [[path, node as Leaf]]
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([k, v]) => leaves(v, path === '' ? k : `${path}.${k}`))
}

export const then = new Date('2026-03-01T11:00:00Z')
export const now = new Date('2026-03-01T12:00:00Z')

const attempts: unknown[][] = [[], [{ code: 'x', fields: [], retryAfter: 40, limit: 3 }], ['Quirin', then, now], [then, now], ['Quirin'], [3, 7]]

/** Arguments that fit a function of the catalogue: found by trying. */
export function fitting(fn: (...args: unknown[]) => unknown): unknown[] {
  for (const args of attempts) {
    if (args.length < fn.length) continue
    try {
      const said = fn(...args)
      if (typeof said === 'string' && !/undefined|NaN|Invalid|\[object|GMT|1970/.test(said)) return args
    } catch {
      // other arguments, then
    }
  }
  throw new Error(`no arguments fit ${String(fn)}`)
}

/** Every sentence of a catalogue by its path, as it reads with values in it. */
export function sentencesOf(text: object): readonly (readonly [string, string])[] {
  return leaves(text).filter(([path]) => !path.startsWith('meta.') && path !== 'clock').map(([path, leaf]) => [path, typeof leaf === 'string' ? leaf : String(leaf(...fitting(leaf)))])
}
