import { errorCodes } from '@ringfence/sdk'
import { describe, expect, it } from 'vitest'

import { problem } from '../state/problem.ts'
import { fitting, leaves, sentencesOf } from '../testing/catalogue.ts'
import { ar } from './ar/index.ts'
import { de } from './de/index.ts'
import { en, type Text } from './en/index.ts'
import { sentence } from './errors.ts'
import { es } from './es/index.ts'
import { fr } from './fr/index.ts'

/** Manners of a language: what it never says, and how it never writes. */
interface Manners {
  readonly begs: RegExp
  readonly writes: RegExp
}

const manners: Record<string, Manners> = {
  // du among friends; „ “ and a space before …
  de: { begs: /\b[Bb]itte\b|[Hh]oppla|\b[Uu]ps\b|[Ll]eider|[Ss]orry|[Ee]ntschuldig|!|\bFehler|ungültig|\bIhnen\b|[a-z,] Sie\b/, writes: /['"”«»]|\.\.\.|\p{L}…/u },
  // tu among friends; « » and a narrow space before : ; ?
  fr: { begs: /s’il (te|vous) pla|oups|désolé|pardon|!|\berreur|invalide|\bvotre\b|\bvos\b/i, writes: /['"“”]|\.\.\.|[ \p{L}][;?»]|«[ \p{L}]| :|\p{L}:(?!\/)| …/u },
  es: { begs: /por favor|\bups\b|lo siento|perdón|[!¡]|\berror\b|\binválid|\busted\b/i, writes: /['"]|\.\.\./ },
  ar: { begs: /من فضلك|الرجاء|يرجى|عذر|!|غير صالح/, writes: /['"]|\.\.\./ },
}

/** What the name that one signs in with is called, and what it never is. */
const signInName: Readonly<Record<string, { readonly word: string; readonly never: RegExp }>> = {
  de: { word: 'anmeldename', never: /Kennung|Benutzername|Login/i },
  fr: { word: 'identifiant', never: /nom d’utilisateur|pseudo/i },
  es: { word: 'nombre de usuario', never: /identificador/i },
  ar: { word: 'اسم المستخدم', never: /معرّف/i },
}

/** The values that a sentence shows: names, numbers and times are the same in all languages. */
const values = (args: readonly unknown[], english: string): string[] => args.filter((a): a is string => typeof a === 'string' && english.includes(a))

describe.each(Object.entries({ de, fr, es, ar } satisfies Record<string, Text>))('the catalogue in %s', (tag, text) => {
  const own = new Map(leaves(text))
  const said = sentencesOf(text)
  const english = new Map(sentencesOf(en))
  const ownSaid = said.filter(([path, words]) => words !== english.get(path)) // what it lacks is said in English, by English manners

  it('says something wherever English does', () => {
    expect(said.filter(([path, words]) => words === '' && english.get(path) !== '').map(([path]) => path)).toEqual([])
  })

  it('shows every value that English shows', () => {
    for (const [path, leaf] of leaves(en)) {
      if (typeof leaf === 'string') continue
      const args = path === 'clock' ? [3] : fitting(leaf)
      const twin = own.get(path)
      if (typeof twin !== 'function') throw new Error(`${path} is no function`)
      for (const value of values(args, String(leaf(...args)))) expect(String(twin(...args)), path).toContain(value)
    }
  })

  it('neither begs nor shouts nor blames', () => {
    expect(ownSaid.filter(([, words]) => manners[tag]?.begs.test(words))).toEqual([])
  })

  it('has one plain word for the name that one signs in with', () => {
    const { word, never } = signInName[tag]!
    expect(ownSaid.filter(([, words]) => never.test(words))).toEqual([])
    for (const says of [text.login.handle, text.invite.handle, text.settings.handle, text.people.byHandle]) expect(says.toLowerCase()).toContain(word)
  })

  it('uses its own quotes, dots and spaces', () => {
    expect(ownSaid.filter(([, words]) => manners[tag]?.writes.test(words))).toEqual([])
  })

  it.each(errorCodes.map((c) => [c]))('says what to do about %s', (code) => {
    expect(sentence(text, problem(code)).length).toBeGreaterThan(15)
  })
})

describe('a day in a sentence', () => {
  const now = new Date(2026, 10, 24, 12)
  const [friday, justNow] = [new Date(2026, 10, 20, 15, 4), new Date(2026, 10, 24, 11, 55)]

  it.each([
    ['en', en, 'on Friday', '5 minutes ago'],
    ['de', de, 'am Freitag', 'vor 5 Minuten'],
    ['fr', fr, 'le vendredi', 'il y a 5 minutes'],
    ['es', es, 'el viernes', 'hace 5 minutos'],
    ['ar', ar, 'يوم الجمعة', 'قبل 5 دقائق'],
  ] as const)('has what belongs before it, and how long ago has not: %s', (_, text, day, ago) => {
    for (const says of [text.settings.invite, text.settings.revokeWhich, text.people.waiting]) {
      const said = says(friday, now)
      expect(said).toContain(` ${day}`)
      expect(says(justNow, now)).toBe(`${said.slice(0, said.indexOf(day))}${ago}`)
    }
    expect(text.people.missedWhen(friday, now)).not.toContain(day) // by itself it needs none
  })
})
