/** Asked is what the page asks of the worker at /effects.js. */
export type Asked =
  | { readonly ask: 'blur' }
  | { readonly ask: 'segment'; readonly pixels: Uint8ClampedArray<ArrayBuffer> }
  /** Compiles the noise filter, and hands it to the audio thread; the page has no part in it. */
  | { readonly ask: 'noise'; readonly to: MessagePort }

/** Told is what the worker tells the page. */
export type Told =
  | { readonly tell: 'ready'; readonly width: number; readonly height: number }
  | { readonly tell: 'tick' }
  | { readonly tell: 'mask'; readonly pixels: Uint8ClampedArray<ArrayBuffer> }
  | { readonly tell: 'failed'; readonly why: string }
