/** How many lines the picture may have. A machine that draws slowly sends a smaller one, and the page stays quick. */
const sizes = [240, 360, 480, 720] as const
const middle = 2
/** After so many pictures it is seen how long one takes to draw, in milliseconds. */
const look = 20
const slow = 12
const fast = 4

/** Size finds out how large a picture this machine draws in time. */
export class Size {
  #at = middle
  #sank = false
  #took: number[] = []

  get lines(): number {
    return sizes[this.#at] ?? sizes[0]
  }

  /** Tells how long a picture took. */
  drawn(ms: number): void {
    if (this.#took.push(ms) < look) return
    const median = this.#took.sort((a, b) => a - b)[look / 2] ?? 0
    this.#took = []
    if (median > slow && this.#at > 0) {
      this.#at--
      this.#sank = true
    } else if (median < fast && !this.#sank && this.#at < sizes.length - 1) this.#at++
  }
}
