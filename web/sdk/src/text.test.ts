import { describe, expect, it } from 'vitest'

import { Malformed } from './read.ts'
import { parseStrict } from './strict.ts'
import { fromBase64url, isId, newId, openJSON, sealJSON, spellId, toBase64url } from './text.ts'

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list)

describe('base64url', () => {
  it.each([
    [bytes(), ''],
    [bytes(0), 'AA'],
    [bytes(0xfb, 0xff, 0xfe), '-__-'],
    [bytes(1, 2, 3, 4), 'AQIDBA'],
  ])('spells %o as %s', (plain, text) => {
    expect(toBase64url(plain)).toBe(text)
    expect(fromBase64url(text)).toEqual(plain)
  })

  it.each(['A', 'AAAAA', 'AA==', '+/AA', 'e31', 'A A', 'ä'])('refuses %s', (text) => {
    expect(fromBase64url(text)).toBeUndefined()
  })

  it('takes more bytes than a function takes arguments', () => {
    const many = new Uint8Array(200_000).map((_, i) => i)
    expect(Buffer.from(fromBase64url(toBase64url(many)) ?? []).equals(many)).toBe(true)
  })
})

describe('bodies', () => {
  it('come back as they were', () => {
    const value = { sdp: 'v=0\r\n', list: [1, 2], text: 'Grüße 👋 "quoted\\"' }
    expect(openJSON(sealJSON(value))).toEqual(value)
  })

  it('may be empty', () => {
    expect(openJSON('')).toEqual({})
  })

  it.each([
    ['not base64url', '=='],
    ['not JSON', toBase64url(bytes(0x7b))],
    ['not UTF-8', toBase64url(bytes(0x22, 0xff, 0x22))],
  ])('are refused where they are %s', (_, text) => {
    expect(() => openJSON(text)).toThrow(Malformed)
  })
})

describe('strict JSON', () => {
  it.each([
    '{"a":{"x":1},"b":{"x":2}}',
    '[{"x":1},{"x":2}]',
    '{"a":"}{][,:","b":"\\"a\\":"}',
    ' {"a" : [ -1.5e+3 , null,true ] } ',
    '"text"',
  ])('takes %s', (text) => {
    expect(parseStrict(text)).toEqual(JSON.parse(text))
  })

  it.each([
    ['a key twice', '{"a":1,"a":2}'],
    ['a key in another case', '{"a":1,"A":2}'],
    ['a key twice in a list', '[1,{"a":1,"a":2}]'],
    ['an escaped key', '{"\\u0061":1}'],
    ['depth', '['.repeat(40) + ']'.repeat(40)],
    ['too many keys', JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, i])))],
    ['trailing data', '{}{}'],
  ])('refuses %s', (_, text) => {
    expect(() => parseStrict(text)).toThrow(Malformed)
  })

  it('shows each value under its outermost key', () => {
    const seen: string[] = []
    parseStrict('{"a":1,"b":{"c":"x","d":[2]},"e":null}', (key, raw) => seen.push(`${key} ${raw}`))
    expect(seen).toEqual(['a 1', 'b {', 'b "x"', 'b [', 'b 2', 'e null'])
  })
})

describe('identifiers', () => {
  it('are made in their one spelling', () => {
    for (let i = 0; i < 200; i++) expect(newId()).toSatisfy(isId)
  })

  it('spell all bits', () => {
    expect(spellId(new Uint8Array(16).fill(0xff))).toBe('77777777777777777777777774')
  })

  it.each([undefined, 7, {}, null])('are no %o', (value) => {
    expect(isId(value)).toBe(false)
  })
})
