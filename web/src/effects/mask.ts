// What becomes of the model's answer: how likely each point is a person's.

/** Between these likelihoods the edge of a person fades. */
const from = 0.3
const to = 0.75

/**
 * Mask steadies one answer by those before it. Where the model is sure, its
 * word counts at once, so that a hand leaves no trail; where it hesitates, the
 * edge moves slowly, so that it does not flicker.
 */
export class Mask {
  readonly #steady: Float32Array
  #begun = false

  constructor(points: number) {
    this.#steady = new Float32Array(points)
  }

  /** Writes the answer into the alpha of out: 255 is a person, 0 is what lies behind. */
  put(answer: Float32Array, out: Uint8ClampedArray): void {
    const steady = this.#steady
    for (let i = 0; i < steady.length; i++) {
      const now = answer[i] ?? 0
      const before = steady[i] ?? 0
      const sure = Math.abs(now - 0.5) * 2
      const next = this.#begun ? before + (now - before) * (0.3 + 0.7 * sure * sure) : now
      steady[i] = next
      const x = Math.min(1, Math.max(0, (next - from) / (to - from)))
      out[i * 4 + 3] = x * x * (3 - 2 * x) * 255
    }
    this.#begun = true
  }
}
