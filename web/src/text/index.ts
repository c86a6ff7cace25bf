// The catalogue in use. It is chosen once, before anything is drawn.

import { en, type Text } from './en/index.ts'
import { pseudoText } from './pseudo.ts'

export type { Text } from './en/index.ts'
export { fieldSentence, sentence, sentenceBeside, sentenceFor } from './errors.ts'

/** t is the catalogue in use; importers see it change. */
export let t: Text = en

/** setLanguage chooses the catalogue by its tag; what it doesn't know is English. */
export function setLanguage(tag: string | null): void {
  t = tag === 'pseudo' ? pseudoText() : en
}
