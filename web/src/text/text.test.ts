import { errorCodes } from '@ringfence/sdk'
import { describe, expect, it } from 'vitest'

import { type FieldProblem, problem } from '../state/problem.ts'
import { fitting, leaves, now, sentencesOf } from '../testing/catalogue.ts'
import { en } from './en/index.ts'
import { fieldSentence, sentence, sentenceBeside, sentenceFor } from './errors.ts'
import { pseudo, pseudoText } from './pseudo.ts'

const shown = leaves(en).filter(([path]) => !path.startsWith('meta.') && path !== 'clock')
const sentences = sentencesOf(en)

describe('the catalogue', () => {
  it('says something everywhere', () => {
    const mayBeEmpty = /^call\.ended\.(hangup|cancelled)\.why$/
    expect(sentences.filter(([path, said]) => said === '' && !mayBeEmpty.test(path)).map(([path]) => path)).toEqual([])
  })

  it('neither begs nor shouts nor blames', () => {
    const banned = /\bplease\b|oops|sorry|whoops|!|\berror\b|\binvalid\b|\b\d{3}\b error/i
    expect(sentences.filter(([, said]) => banned.test(said)).map(([path]) => path)).toEqual([])
  })

  it('speaks of what there is, not of what will come', () => {
    expect(sentences.filter(([, said]) => /\b(?:later|next|future) version|coming soon|in the future/i.test(said)).map(([path]) => path)).toEqual([])
  })

  it('has one plain word for the name that one signs in with', () => {
    expect(sentences.filter(([, said]) => /\bhandles?\b|user ?name|\blog-?in\b/i.test(said)).map(([path]) => path)).toEqual([])
    expect(en.login.handle).toBe(en.invite.handle)
  })

  it('uses the right quotes and dots', () => {
    expect(sentences.filter(([, said]) => /'|"|\.\.\./.test(said)).map(([path]) => path)).toEqual([])
  })

  it('counts in the singular and the plural', () => {
    expect(en.password.tooShort(1)).toBe('At least 1 character.')
    expect(en.password.tooShort(8)).toBe('At least 8 characters.')
  })

  it('tells times in words under a day and as a date after that', () => {
    const at = (s: string): Date => new Date(s)
    expect(en.people.missedWhen(at('2026-03-01T11:59:30Z'), now)).toBe('this minute')
    expect(en.people.missedWhen(at('2026-03-01T11:48:00Z'), now)).toBe('12 minutes ago')
    expect(en.people.missedWhen(at('2026-02-28T13:00:00Z'), now)).toBe('23 hours ago')
    expect(en.people.missedWhen(at('2026-02-20T13:00:00Z'), now)).toMatch(/February 20/)
    expect(en.clock(187)).toBe('3:07')
    expect(en.clock(3723)).toBe('1:02:03')
  })
})

describe('the pseudo-language', () => {
  const other = new Map(leaves(pseudoText()))

  it('has brackets around every string, and keeps every value', () => {
    for (const [path, leaf] of shown) {
      const twin = other.get(path)
      if (typeof leaf === 'string') {
        expect(twin, path).toMatch(/^⟦.*⟧$/)
        continue
      }
      const args = fitting(leaf)
      const english = String(leaf(...args))
      if (english === '') continue
      const said = (twin as typeof leaf)(...args)
      expect(said, path).toMatch(/^⟦[^⟦⟧]*⟧$/)
      for (const name of args) if (typeof name === 'string') expect(said, path).toContain(english.includes(name) ? name : '⟦')
    }
  })

  it('is about two fifths longer, and has no plain letter', () => {
    const said = pseudo('Settings for the whole of it')
    expect(said.length).toBeGreaterThanOrEqual(Math.round('Settings for the whole of it'.length * 1.4))
    expect(said).not.toMatch(/[a-z]/i)
  })

  it('loses no placeholder, not even where two are alike', () => {
    expect(pseudo('You and Ann, and Anna', ['Ann', 'Anna'])).toMatch(/Ann[^a].*Anna/)
    expect(pseudoText().app.title(pseudoText().people.title)).toMatch(/^⟦[^⟦⟧]*⟧$/)
  })
})

// What the server may answer, as the API's reference lists it.
const faults: [string, string, number?][] = [
  ['name', 'required'], ['name', 'min_length', 2], ['name', 'max_length', 20], ['name', 'first_letter'], ['name', 'characters'], ['name', 'taken'],
  ['display_name', 'required'], ['display_name', 'max_length', 40], ['display_name', 'max_bytes', 160], ['display_name', 'characters'], ['display_name', 'visible'],
  ['device_name', 'max_length', 60], ['device_name', 'max_bytes', 240], ['device_name', 'characters'],
  ['password', 'required'], ['password', 'min_length', 8], ['password', 'max_length', 128], ['password', 'strength', 3], ['password', 'differs'],
  ['current', 'required'], ['current', 'wrong'],
  ['handle', 'required'], ['handle', 'format'], ['handle', 'friends'], ['handle', 'blocked'], ['handle', 'self'],
  ['token', 'required'], ['token', 'friends'], ['token', 'blocked'], ['token', 'self'], ['account', 'self'],
  ['friends', 'max', 1000], ['requests', 'max', 50], ['invites', 'max', 20], ['blocked', 'max', 1000],
]
const withWords: ReadonlySet<string> = new Set(Object.keys(en.errors.fields))

describe('errors in words', () => {
  it.each(errorCodes.map((c) => [c]))('says what to do about %s', (code) => {
    expect(sentence(en, problem(code)).length).toBeGreaterThan(20)
  })

  it.each(faults)('says what is wrong with %s: %s', (field, rule, limit) => {
    const said = fieldSentence(en, { field, rule, limit })
    expect(said).not.toBe('')
    expect(said).not.toMatch(/undefined|NaN|\b0\b/)
    if (['min_length', 'max_length', 'max'].includes(rule)) expect(said).toContain(new Intl.NumberFormat('en').format(limit ?? 0))
  })

  it('takes the words of the field where the code alone would say less', () => {
    const hit: FieldProblem = { field: 'handle', rule: 'friends' }
    expect(withWords.has('handle.friends')).toBe(true)
    expect(sentence(en, { code: 'conflict', fields: [hit] })).toBe('You are friends already.')
    expect(sentence(en, { ...problem('rate_limited'), retryAfter: 40 })).toContain('40 seconds')
    expect(sentence(en, problem('rate_limited', 'call'))).toContain('called often')
    expect(sentence(en, { code: 'too_many', fields: [], limit: 1 })).toContain('1')
  })

  it('says each fault once: beside its field, or beside the button', () => {
    const p = { code: 'invalid', fields: [{ field: 'name', rule: 'required' }] } as const
    expect(sentenceFor(en, p, 'name')).toBe('Choose a sign-in name.')
    expect(sentenceFor(en, p, 'password')).toBeUndefined()
    expect(sentenceBeside(en, p, ['name'])).toBeUndefined()
    expect(sentenceBeside(en, p, ['password'])).toBeDefined()
    expect(sentenceBeside(en, problem('network'), ['name'])).toBeDefined()
    expect(sentenceBeside(en, undefined, [])).toBeUndefined()
  })

  it('falls back where a newer server has a code that this page does not know', () => {
    expect(sentence(en, { code: 'brand_new' as 'internal', fields: [] })).toBe(en.errors.codes.internal)
  })
})
