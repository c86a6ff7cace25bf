import { type Language, languages } from './preferences.ts'

/** Tag is a catalogue that there is. */
export type Tag = Exclude<Language, 'auto'>

/** languageFor is the catalogue to use: the one chosen, or the first that the browser asks for and that there is. */
export function languageFor(chosen: Language, asked: readonly string[]): Tag {
  if (chosen !== 'auto') return chosen
  for (const tag of asked) {
    const primary = tag.toLowerCase().split('-')[0]
    const found = languages.find((l) => l === primary)
    if (found !== undefined) return found
  }
  return 'en'
}
