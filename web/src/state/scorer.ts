// The dictionaries weigh more than everything else together: this file is only
// ever imported when somebody chooses a password.

import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import * as common from '@zxcvbn-ts/language-common'
import * as english from '@zxcvbn-ts/language-en'

import { type Score, type Scorer, type Weakness } from './password.ts'

/** scorer builds the tables, which takes a moment, and returns the judge. */
export function scorer(): Scorer {
  const judge = new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: keys,
    maxLength: 128,
  })
  return (password, inputs): Score => {
    const { score, feedback } = judge.check(password, [...inputs, 'ringfence'])
    const why = feedback.warning
    return why === null || why === '' ? { score } : { score, why: why as Weakness }
  }
}

const same = <K extends string>(...names: K[]): Record<K, K> => Object.fromEntries(names.map((n) => [n, n])) as Record<K, K>

/** The library's sentences are replaced by their names: ours are in the catalogue. */
const keys = {
  warnings: same(
    'straightRow', 'keyPattern', 'simpleRepeat', 'extendedRepeat', 'sequences', 'recentYears', 'dates', 'topTen',
    'topHundred', 'common', 'similarToCommon', 'wordByItself', 'namesByThemselves', 'commonNames', 'userInputs', 'pwned',
  ),
  suggestions: english.translations.suggestions,
  timeEstimation: english.translations.timeEstimation,
}
