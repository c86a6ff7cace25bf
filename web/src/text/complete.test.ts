import { describe, expect, it } from 'vitest'

import { fitting, leaves } from '../testing/catalogue.ts'
import { f as arF } from './ar/format.ts'
import { ar } from './ar/index.ts'
import { f as deF } from './de/format.ts'
import { de } from './de/index.ts'
import { f as enF } from './en/format.ts'
import { en, type Text } from './en/index.ts'
import { f as esF } from './es/format.ts'
import { es } from './es/index.ts'
import { f as frF } from './fr/format.ts'
import { fr } from './fr/index.ts'
import { pseudoRtlText } from './pseudo.ts'

/** What is the same everywhere: names, examples, the names of languages, and nothing but digits. */
const everywhere = /^(Esc|Ringfence( .*)?|.* [–-] Ringfence|anna\.4821|English|Deutsch|Français|Español|العربية|\P{L}*|\P{L}*Quirin\P{L}*)$/u

/** Words that a language shares with English. */
const others: Readonly<Record<'de' | 'fr' | 'es' | 'ar', { text: Text; rules: readonly string[]; shared: RegExp }>> = {
  de: { text: de, rules: deF.rules, shared: /^(Name|Link|Version|Video|Browser|System|QR-Code|Codecs?)$/ },
  fr: { text: fr, rules: frF.rules, shared: /^(Invitation|Messages?|direct|Version|Volume|Notifications|Installation|Conversation|Contact|Codecs?)$/ },
  es: { text: es, rules: esF.rules, shared: /^(No|Vídeo)$/ },
  ar: { text: ar, rules: arF.rules, shared: /^$/ },
}

describe.each(Object.keys(others) as (keyof typeof others)[])('the catalogue in %s', (tag) => {
  const { text, rules, shared } = others[tag]
  const own = new Map(leaves(text))

  it('has the shape of the English one, and says which way it runs', () => {
    for (const [path, leaf] of leaves(en)) expect(typeof own.get(path), path).toBe(typeof leaf)
    expect(text.meta).toEqual({ locale: tag, dir: tag === 'ar' ? 'rtl' : 'ltr' })
  })

  // Which of them each count is given is checked by its type.
  it('has all the plural forms that the language has', () => {
    expect([...rules].sort()).toEqual([...new Intl.PluralRules(tag).resolvedOptions().pluralCategories].sort())
  })

  it('has nothing that English has no longer', () => {
    expect([...own.keys()].sort()).toEqual(leaves(en).map(([path]) => path).sort())
  })

  it('has nothing left in English', () => {
    const left = leaves(en).filter(([path, leaf]) => {
      if (path.startsWith('meta.') || path === 'clock' || own.get(path) !== leaf) return false
      const said = typeof leaf === 'string' ? leaf : String(leaf(...fitting(leaf)))
      return !everywhere.test(said) && !shared.test(said)
    })
    expect(left.map(([path]) => path)).toEqual([])
  })
})

describe('numbers and times', () => {
  const now = new Date('2026-03-01T12:00:00Z')
  const then = new Date('2026-03-01T11:00:00Z')

  it('have plural forms for English, too', () => {
    expect([...enF.rules].sort()).toEqual([...new Intl.PluralRules('en').resolvedOptions().pluralCategories].sort())
  })

  it('are in Latin digits everywhere, and in Arabic with all six forms', () => {
    const forms = { zero: 'لا شيء', one: 'واحد', two: 'اثنان', few: '# أشياء', many: '# شيئًا', other: '# شيء' }
    expect([0, 1, 2, 3, 11, 100].map((n) => arF.count(n, forms))).toEqual(['لا شيء', 'واحد', 'اثنان', '3 أشياء', '11 شيئًا', '100 شيء'])
    for (const said of [arF.clock(3723), arF.ago(then, now), arF.time(then), arF.percent(0.4), arF.wait(40)]) expect(said).not.toMatch(/[\u0660-\u0669]/)
    expect(arF.clock(3723)).toBe('1:02:03')
  })

  it('name days as one does', () => {
    expect(deF.day(new Date(2026, 2, 1, 9), new Date(2026, 2, 1, 23))).toBe('heute')
    expect(deF.day(new Date(2026, 1, 28, 23), new Date(2026, 2, 1, 0, 5))).toBe('gestern')
    expect(deF.day(new Date(2026, 1, 25), new Date(2026, 2, 1))).toBe('Mittwoch')
    expect(deF.day(new Date(2026, 0, 3), new Date(2026, 2, 1))).toBe('3. Januar')
    expect(deF.day(new Date(2025, 0, 3), new Date(2026, 2, 1))).toBe('3. Januar 2025')
    expect(deF.lasted(3723)).toBe('1 Stunde 2 Minuten')
    expect(deF.lasted(40)).toBe('40 Sekunden')
  })
})

describe('the pseudo-language from right to left', () => {
  it('is in Arabic letters, in brackets, and runs that way', () => {
    const text = pseudoRtlText()
    expect(text.meta.dir).toBe('rtl')
    expect(text.settings.title).toMatch(/^⟦[\u0600-\u06ff]+·+⟧$/)
    expect(text.people.call('Quirin')).toContain('Quirin')
  })
})
