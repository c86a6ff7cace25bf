// The catalogue in use. Whoever reads t while drawing is drawn anew when the
// language changes: nothing is loaded again, and a call goes on.

import { signal } from '@preact/signals'

import { type Tag } from '../state/language.ts'
import { en, type Text } from './en/index.ts'

export type { Text } from './en/index.ts'
export { fieldSentence, sentence, sentenceBeside, sentenceFor } from './errors.ts'

const current = signal<Text>(en)

/** t is the catalogue in use. Read it where words are needed, and keep nothing of it. */
export const t: Text = new Proxy(en, { get: (_, room) => Reflect.get(current.value, room) as unknown })

/** The languages beside English come when they are chosen. */
const others: Readonly<Record<Exclude<Tag, 'en'>, () => Promise<Text>>> = {
  de: async () => (await import('./de/index.ts')).de,
  fr: async () => (await import('./fr/index.ts')).fr,
  es: async () => (await import('./es/index.ts')).es,
  ar: async () => (await import('./ar/index.ts')).ar,
  pseudo: async () => (await import('./pseudo.ts')).pseudoText(),
  'pseudo-rtl': async () => (await import('./pseudo.ts')).pseudoRtlText(),
}

let asked: Tag = 'en'

/** setText puts a catalogue to use. */
export function setText(text: Text): void {
  current.value = text
}

/** useLanguage loads a catalogue and puts it to use. Where it can't be loaded, the words stay as they are. */
export async function useLanguage(tag: Tag): Promise<boolean> {
  asked = tag
  try {
    const text = tag === 'en' ? en : await others[tag]()
    if (asked === tag) setText(text) // another one may have been chosen meanwhile
    return true
  } catch {
    return false
  }
}
