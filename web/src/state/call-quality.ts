import { signal } from '@preact/signals'
import { type CallStats, type Quality, type Size } from '@ringfence/sdk'

/** Looks, a second apart, until a connection is called weak, or good again. */
const weakAfter = 2
const goodAfter = 4
/** How many looks the good word stays. */
const goodFor = 5

/** Word is what there is to say about a connection. Mostly there is nothing. */
export type Word = 'weak' | 'good'

/** QualityWord says a word when the connection gets weak, and one when it is well again. */
export class QualityWord {
  readonly word = signal<Word | undefined>(undefined)
  #bad = 0
  #well = 0

  /** take looks once a second at what the call thinks of its connection. */
  take(quality: Quality | undefined): void {
    this.#bad = quality === 'poor' ? this.#bad + 1 : 0
    this.#well = quality === 'poor' ? 0 : this.#well + 1
    if (this.#bad >= weakAfter) this.word.value = 'weak'
    else if (this.word.value === 'weak' && this.#well >= goodAfter) {
      this.word.value = 'good'
      this.#well = 0
    } else if (this.word.value === 'good' && this.#well >= goodFor) this.word.value = undefined
  }

  clear(): void {
    this.#bad = 0
    this.#well = 0
    this.word.value = undefined
  }
}

/** Detail is one line of the details: its kind, and values that the catalogue puts into words. */
export type Detail =
  | { readonly kind: 'path'; readonly path: 'direct' | 'relayed'; readonly transport: 'udp' | 'tcp' | 'tls' | undefined }
  | { readonly kind: 'trip' | 'jitter'; readonly ms: number }
  | { readonly kind: 'loss'; readonly in: number | undefined; readonly out: number | undefined }
  | { readonly kind: 'rate' | 'frames'; readonly in: number | undefined; readonly out: number | undefined }
  | { readonly kind: 'size'; readonly in: string | undefined; readonly out: string | undefined }
  | { readonly kind: 'codecs'; readonly names: readonly string[] }

const sizeOf = (size: Size | undefined): string | undefined => (size === undefined || size.width === 0 ? undefined : `${size.width} × ${size.height}`)

/** detailsOf chooses what is worth a line. */
export function detailsOf(now: CallStats): Detail[] {
  const list: Detail[] = []
  if (now.path !== undefined) list.push({ kind: 'path', path: now.path, transport: now.transport })
  if (now.roundTripMs !== undefined) list.push({ kind: 'trip', ms: now.roundTripMs })
  if (now.jitterMs !== undefined) list.push({ kind: 'jitter', ms: now.jitterMs })
  if (now.lossIn !== undefined || now.lossOut !== undefined) list.push({ kind: 'loss', in: now.lossIn, out: now.lossOut })
  if (now.kbitIn !== undefined || now.kbitOut !== undefined) list.push({ kind: 'rate', in: now.kbitIn, out: now.kbitOut })
  return [...list, ...pictureOf(now)]
}

/** What there is to say about the picture, and how both are packed. */
function pictureOf(now: CallStats): Detail[] {
  const list: Detail[] = []
  const size = { in: sizeOf(now.sizeIn), out: sizeOf(now.sizeOut) }
  if (size.in !== undefined || size.out !== undefined) list.push({ kind: 'size', ...size })
  const frames = { in: now.framesPerSecondIn, out: now.framesPerSecondOut }
  if ((frames.in ?? 0) > 0 || (frames.out ?? 0) > 0) list.push({ kind: 'frames', ...frames })
  const { audioIn, audioOut, videoIn, videoOut } = now.codecs
  const names = [...new Set([audioIn, audioOut, videoIn, videoOut].filter((x) => x !== undefined))]
  if (names.length > 0) list.push({ kind: 'codecs', names })
  return list
}

/** DetailsWatch reads the figures once a second while somebody looks. */
export class DetailsWatch {
  readonly details = signal<readonly Detail[]>([])
  readonly #read: () => Promise<CallStats | undefined>
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(read: () => Promise<CallStats | undefined>) {
    this.#read = read
  }

  start(): void {
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => void this.#look(), 1_000)
    void this.#look()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.details.value = []
  }

  async #look(): Promise<void> {
    const figures = await this.#read().catch(() => undefined)
    if (figures !== undefined && this.#timer !== undefined) this.details.value = detailsOf(figures)
  }
}
