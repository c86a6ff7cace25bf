// What Ringfence sounds like, as data. Every sound is short, soft and warm, and
// each has a shape of its own: the ring climbs and rocks, ring-back is two low
// breaths, a knock in a call two light taps, connect steps up, end steps down.

export type SoundName = 'ring' | 'ringback' | 'knock' | 'connect' | 'end' | 'test'

/** Voice is how a note begins, what it is made of, and how it fades. */
export interface Voice {
  /** How strong each multiple of the pitch is, beginning with the pitch itself. */
  readonly partials: readonly number[]
  /** Seconds until a note is at its loudest. */
  readonly attack: number
  /** Seconds in which a struck note falls to a third; undefined is held, and fades at its end. */
  readonly decay?: number
}

/** Note is one tone: when it begins, how high, how long and how strong it is. */
export interface Note {
  readonly at: number
  readonly hertz: number
  readonly lasts: number
  readonly level: number
}

/** Score is one sound. Seconds is its whole length; a sound that repeats has its pause in it. */
export interface Score {
  readonly voice: Voice
  readonly seconds: number
  readonly notes: readonly Note[]
}

const wood: Voice = { partials: [1, 0.28, 0.05, 0.1], attack: 0.006, decay: 0.22 }
const bell: Voice = { partials: [1, 0.12, 0.22, 0.03], attack: 0.01, decay: 0.3 }
const breath: Voice = { partials: [1, 0.4, 0.06], attack: 0.12 }

const c4 = 261.63
const e4 = 329.63
const g4 = 392
const a4 = 440
const c5 = 523.25
const d5 = 587.33
const e5 = 659.26
const g5 = 783.99
const a5 = 880

const note = (at: number, hertz: number, lasts: number, level = 0.3): Note => ({ at, hertz, lasts, level })

export const scores: Readonly<Record<SoundName, Score>> = {
  ring: {
    voice: wood,
    seconds: 3.2,
    notes: [
      note(0, g4, 0.7), note(0.16, c5, 0.7), note(0.32, e5, 0.9, 0.34), note(0.56, d5, 0.7, 0.26),
      note(0.96, g4, 0.7, 0.26), note(1.12, c5, 0.7, 0.28), note(1.28, e5, 1.2, 0.3),
    ],
  },
  ringback: { voice: breath, seconds: 4, notes: [note(0, e4, 0.55, 0.16), note(0.75, e4, 0.55, 0.16), note(0, c4, 0.55, 0.1), note(0.75, c4, 0.55, 0.1)] },
  knock: { voice: wood, seconds: 4, notes: [note(0, a5, 0.35, 0.14), note(0.18, a5, 0.4, 0.12)] },
  connect: { voice: bell, seconds: 0.8, notes: [note(0, a4, 0.5, 0.24), note(0.11, a5, 0.65, 0.22)] },
  end: { voice: breath, seconds: 0.8, notes: [note(0, g4, 0.3, 0.2), note(0.24, c4, 0.5, 0.22)] },
  test: {
    voice: wood,
    seconds: 1.9,
    notes: [note(0, c5, 0.7), note(0.22, e5, 0.7), note(0.44, g5, 0.8), note(0.66, e5, 0.7, 0.26), note(0.88, c5, 1, 0.28)],
  },
}
