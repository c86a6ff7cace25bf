// A language that nobody speaks: English with accents, two fifths longer, in
// brackets. What shows without brackets was never in the catalogue; what is
// cut off has no room for German. Its sister runs from right to left, in Arabic letters that mean nothing.

import { en, type Text } from './en/index.ts'

const plain = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const accented = 'áƀçðéƒĝĥîĵķļɱñóþǫŕšţûṽŵẋýžÁƁÇÐÉƑĜĤÎĴĶĻṀÑÓÞǪŔŠŢÛṼŴẊÝŽ'

const arabic = 'ابتثجحخدذرزسشصضطظعغفقكلمنه'

/** Letters is what a plain letter becomes. */
export type Letters = ReadonlyMap<string, string>

const lettersOf = (drawn: string): Letters => new Map(Array.from(plain, (c, i) => [c, Array.from(drawn)[i] ?? c]))

const accents = lettersOf(accented)
const rightToLeft = lettersOf(arabic + arabic)

/** pseudo accents, lengthens and brackets s, and leaves the kept parts as they are. */
export function pseudo(s: string, kept: readonly string[] = [], letters: Letters = accents): string {
  if (s === '') return s
  const parts = kept.filter((k) => k !== '').sort((a, b) => b.length - a.length) // a name may be in another
  const own = parts.reduce((rest, k) => rest.replace(k, ''), s)
  const pad = '·'.repeat(Math.max(1, Math.round(own.length * 0.4)))
  return `⟦${accentAround(s, parts, letters)}${pad}⟧`
}

function accentAround(s: string, kept: readonly string[], letters: Letters): string {
  const [first, ...others] = kept
  if (first === undefined) return Array.from(s, (c) => letters.get(c) ?? c).join('')
  return s.split(first).map((piece) => accentAround(piece, others, letters)).join(first)
}

function derive(value: unknown, letters: Letters): unknown {
  if (typeof value === 'string') return pseudo(value, [], letters)
  if (typeof value === 'function') {
    const make = value as (...args: unknown[]) => string
    return (...args: unknown[]) => {
      const bare = args.map((a) => (typeof a === 'string' ? a.replace(/[⟦⟧]/g, '') : a)) // brackets don't nest
      return pseudo(make(...bare), bare.filter((a) => typeof a === 'string'), letters)
    }
  }
  if (Array.isArray(value)) return value.map((v) => derive(v, letters))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, derive(v, letters)]))
  }
  return value
}

/** pseudoText is the whole catalogue in that language. */
export function pseudoText(): Text {
  return { ...(derive(en, accents) as Text), meta: en.meta, clock: en.clock }
}

/** pseudoRtlText is the same from right to left. */
export function pseudoRtlText(): Text {
  return { ...(derive(en, rightToLeft) as Text), meta: { locale: 'ar', dir: 'rtl' }, clock: en.clock }
}
