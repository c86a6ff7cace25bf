import { type Note, type Score, type Voice } from './scores.ts'

/** How long a note that ends takes to fade: less would click. */
const fade = 0.06

/** How strong a note is at t seconds after its begin. */
function strength(voice: Voice, note: Note, t: number): number {
  const rise = Math.min(1, t / voice.attack)
  const fall = Math.min(1, (note.lasts - t) / Math.max(fade, voice.decay === undefined ? voice.attack : 0))
  const struck = voice.decay === undefined ? 1 : Math.exp(-Math.max(0, t - voice.attack) / voice.decay)
  return rise * rise * (3 - 2 * rise) * fall * struck
}

/** Samples a second; the browser makes of it what its sound card wants. No partial comes near half of it. */
export const rate = 24_000

/**
 * render computes a score as samples between -1 and 1. It is done before a
 * sound is played, all at once, so that a ring repeats by itself in a page
 * whose timers are held back.
 */
export function render(score: Score): Float32Array<ArrayBuffer> {
  const out = new Float32Array(Math.round(score.seconds * rate))
  const whole = score.voice.partials.reduce((sum, p) => sum + p, 0)
  for (const note of score.notes) {
    const from = Math.round(note.at * rate)
    const count = Math.min(out.length - from, Math.round(note.lasts * rate))
    const shape = Float32Array.from({ length: count }, (_, n) => strength(score.voice, note, n / rate) * (note.level / whole))
    score.voice.partials.forEach((partial, i) => {
      // A sine, each sample from the two before it.
      const turn = (2 * Math.PI * note.hertz * (i + 1)) / rate
      const k = 2 * Math.cos(turn)
      let now = 0
      let before = -Math.sin(turn)
      shape.forEach((level, n) => {
        out[from + n] = (out[from + n] ?? 0) + now * level * partial
        const next = k * now - before
        before = now
        now = next
      })
    })
  }
  return out
}
