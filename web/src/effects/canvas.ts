// The picture with what lies behind the person made soft. Only drawing: it
// works in every browser that has a canvas, with or without a graphics card.

type Sheet = CanvasRenderingContext2D

const sheet = (options?: CanvasRenderingContext2DSettings): Sheet => {
  const g = document.createElement('canvas').getContext('2d', options)
  if (g === null) throw new Error('no canvas')
  return g
}

const fit = ({ canvas }: Sheet, width: number, height: number): void => {
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
}

/** Draws what from holds over all of to. */
const copy = (to: Sheet, from: Sheet): void => {
  to.globalCompositeOperation = 'copy'
  to.drawImage(from.canvas, 0, 0, to.canvas.width, to.canvas.height)
}

/** A picture is halved until it is at most this many lines high: nothing written can be read in it. */
const lines = 36

/** Painter makes the picture that is sent. */
export class Painter {
  /** What is sent; never anything but a finished picture. */
  readonly out = sheet({ alpha: false })
  readonly #frame = sheet({ alpha: false })
  readonly #person = sheet()
  readonly #mask = sheet()
  readonly #small = sheet({ willReadFrequently: true, alpha: false })
  readonly #halves: Sheet[] = []

  /** Takes the picture that the camera shows now, at most so many lines high; what is painted next is this one. */
  take(video: HTMLVideoElement, most: number): void {
    const h = Math.min(video.videoHeight, most)
    const w = Math.round(((video.videoWidth / video.videoHeight) * h) / 2) * 2
    for (const g of [this.out, this.#frame, this.#person]) fit(g, w, h)
    this.#frame.drawImage(video, 0, 0, w, h)
  }

  /** The same picture at the size that the model wants. */
  pixels(width: number, height: number): Uint8ClampedArray<ArrayBuffer> {
    fit(this.#small, width, height)
    // Halving first: a picture that shrinks in one step loses the fine parts of an edge.
    const [half] = this.#shrink(this.#frame, 1)
    this.#small.drawImage((half ?? this.#frame).canvas, 0, 0, width, height)
    return this.#small.getImageData(0, 0, width, height).data
  }

  /** All of it soft: for as long as nobody knows where the person is. */
  veil(): void {
    this.#soften(this.#shrink(this.#frame))
  }

  /** The person as they are, what lies behind soft. */
  paint(pixels: Uint8ClampedArray<ArrayBuffer>, width: number, height: number): void {
    fit(this.#mask, width, height)
    this.#mask.putImageData(new ImageData(pixels, width, height), 0, 0)
    const person = this.#person
    person.imageSmoothingQuality = 'high'
    copy(person, this.#mask)
    // What lies behind is softened without the person, or their colours would glow around them.
    person.globalCompositeOperation = 'source-out'
    person.drawImage(this.#frame.canvas, 0, 0)
    const halves = this.#shrink(person)
    // The rim of the hole is part clear: drawn over itself, it fills up with the colours beside it.
    const last = halves.at(-1)
    if (last !== undefined) {
      last.globalCompositeOperation = 'source-over'
      for (let i = 0; i < 4; i++) last.drawImage(last.canvas, 0, 0)
    }
    this.#soften(halves)
    copy(person, this.#mask)
    person.globalCompositeOperation = 'source-in'
    person.drawImage(this.#frame.canvas, 0, 0)
    this.out.globalCompositeOperation = 'source-over'
    this.out.drawImage(person.canvas, 0, 0)
  }

  #shrink(from: Sheet, most = 8): Sheet[] {
    const used: Sheet[] = []
    let above = from
    for (let { width, height } = from.canvas; height > lines && used.length < most; above = used.at(-1) ?? above) {
      width = Math.max(1, Math.round(width / 2))
      height = Math.max(1, Math.round(height / 2))
      const g = (this.#halves[used.length] ??= sheet())
      fit(g, width, height)
      copy(g, above)
      used.push(g)
    }
    return used
  }

  /** Back to full size in steps: each doubling rounds the squares of the one before. */
  #soften(halves: readonly Sheet[]): void {
    for (let i = halves.length - 1; i > 1; i--) {
      const [small, large] = [halves[i], halves[i - 1]]
      if (small !== undefined && large !== undefined) copy(large, small)
    }
    const soft = halves[1] ?? halves[0]
    if (soft !== undefined) copy(this.out, soft)
  }
}
