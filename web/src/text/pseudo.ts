// A language that nobody speaks: English with accents, two fifths longer, in
// brackets. What shows without brackets was never in the catalogue; what is
// cut off has no room for German.

import { en, type Text } from './en/index.ts'

const plain = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const accented = 'áƀçðéƒĝĥîĵķļɱñóþǫŕšţûṽŵẋýžÁƁÇÐÉƑĜĤÎĴĶĻṀÑÓÞǪŔŠŢÛṼŴẊÝŽ'

const accents = new Map(Array.from(plain, (c, i) => [c, Array.from(accented)[i] ?? c]))

const accent = (s: string): string => Array.from(s, (c) => accents.get(c) ?? c).join('')

/** pseudo accents, lengthens and brackets s, and leaves the kept parts as they are. */
export function pseudo(s: string, kept: readonly string[] = []): string {
  if (s === '') return s
  const parts = kept.filter((k) => k !== '').sort((a, b) => b.length - a.length) // a name may be in another
  const own = parts.reduce((rest, k) => rest.replace(k, ''), s)
  const pad = '·'.repeat(Math.max(1, Math.round(own.length * 0.4)))
  return `⟦${accentAround(s, parts)}${pad}⟧`
}

function accentAround(s: string, kept: readonly string[]): string {
  const [first, ...others] = kept
  if (first === undefined) return accent(s)
  return s.split(first).map((piece) => accentAround(piece, others)).join(first)
}

function derive(value: unknown): unknown {
  if (typeof value === 'string') return pseudo(value)
  if (typeof value === 'function') {
    const make = value as (...args: unknown[]) => string
    return (...args: unknown[]) => {
      const bare = args.map((a) => (typeof a === 'string' ? a.replace(/[⟦⟧]/g, '') : a)) // brackets don't nest
      return pseudo(make(...bare), bare.filter((a) => typeof a === 'string'))
    }
  }
  if (Array.isArray(value)) return value.map(derive)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, derive(v)]))
  }
  return value
}

/** pseudoText is the whole catalogue in that language. */
export function pseudoText(): Text {
  return { ...(derive(en) as Text), meta: en.meta, clock: en.clock }
}
