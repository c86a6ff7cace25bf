import { computed, signal } from '@preact/signals'

import { broken, type Problem } from './problem.ts'

/** Weakness names why a password is easy to guess; its words are in the catalogue. */
export type Weakness =
  | 'straightRow'
  | 'keyPattern'
  | 'simpleRepeat'
  | 'extendedRepeat'
  | 'sequences'
  | 'recentYears'
  | 'dates'
  | 'topTen'
  | 'topHundred'
  | 'common'
  | 'similarToCommon'
  | 'wordByItself'
  | 'namesByThemselves'
  | 'commonNames'
  | 'userInputs'
  | 'pwned'

/** Score is how hard a password is to guess, of 4, and what makes it easy. */
export interface Score {
  readonly score: 0 | 1 | 2 | 3 | 4
  readonly why?: Weakness
}

/** Scorer judges a password; inputs are the person's own words, which are tried first. */
export type Scorer = (password: string, inputs: readonly string[]) => Score

const dictionaries = async (): Promise<Scorer> => (await import('./scorer.ts')).scorer()

/** NewPassword is a password being chosen, judged as it is typed. */
export class NewPassword {
  readonly value = signal('')
  readonly minLength = signal(8)
  readonly minScore = signal(3)
  readonly #load: () => Promise<Scorer>
  readonly #inputs: () => readonly string[]
  readonly #scorer = signal<Scorer | undefined>(undefined)
  #loading: Promise<void> | undefined

  constructor(inputs: () => readonly string[], load = dictionaries) {
    this.#inputs = inputs
    this.#load = load
  }

  /** Undefined while empty, and until the dictionaries are here. */
  readonly score = computed<Score | undefined>(() => {
    const password = this.value.value
    if (password === '') return undefined
    return this.#scorer.value?.(password, this.#inputs())
  })

  readonly tooShort = computed(() => Array.from(this.value.value).length < this.minLength.value)

  /** Loads the dictionaries, once; again after a failure. */
  prepare(): Promise<void> {
    this.#loading ??= this.#load().then(
      (scorer) => void (this.#scorer.value = scorer),
      () => void (this.#loading = undefined), // the server judges all the same
    )
    return this.#loading
  }

  /** What is wrong with it, so far as this side can tell. */
  check(): Problem | undefined {
    if (this.value.value === '') return broken('password', 'required')
    if (this.tooShort.value) return broken('password', 'min_length', this.minLength.value)
    const judged = this.score.value
    if (judged !== undefined && judged.score < this.minScore.value) return broken('password', 'strength', this.minScore.value)
    return undefined
  }
}
