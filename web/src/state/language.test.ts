import { describe, expect, it } from 'vitest'

import { languageFor } from './language.ts'

describe('the language', () => {
  it('is the one chosen, whatever the browser asks for', () => {
    expect(languageFor('fr', ['de-DE', 'en'])).toBe('fr')
    expect(languageFor('pseudo-rtl', [])).toBe('pseudo-rtl')
  })

  it.each([
    [['de-AT', 'en'], 'de'],
    [['nl', 'es-419', 'en'], 'es'],
    [['AR-EG'], 'ar'],
    [['zh-Hant', 'ja'], 'en'],
    [['pseudo'], 'en'],
    [['arq', 'fr'], 'fr'],
    [[], 'en'],
  ] as const)('is the first of the browser’s that there is: %j → %s', (asked, tag) => {
    expect(languageFor('auto', asked)).toBe(tag)
  })
})
