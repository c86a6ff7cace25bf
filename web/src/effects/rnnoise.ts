// RNNoise (Xiph.Org, BSD-3-Clause) as WebAssembly, called as it is: frames of
// 480 samples in the range of 16-bit numbers.

/** frameSize is what RNNoise takes at once: 10 ms at 48 kHz. */
export const frameSize = 480
const loud = 0x7fff

interface Exports {
  readonly memory: WebAssembly.Memory
  readonly emscripten_stack_init: () => void
  readonly __wasm_call_ctors: () => void
  readonly malloc: (bytes: number) => number
  readonly rnnoise_create: (model: number) => number
  readonly rnnoise_destroy: (state: number) => void
  readonly rnnoise_process_frame: (state: number, out: number, into: number) => number
}

/** Denoiser takes steady noise out of one channel. What comes out lies one frame behind. */
export class Denoiser {
  readonly #rnn: Exports
  readonly #state: number
  readonly #at: number
  readonly #waiting = new Float32Array(frameSize)
  #filled = 0
  /** What is done and not yet handed out; begins with a frame of silence, so that there is always enough. */
  readonly #done = new Float32Array(4 * frameSize)
  #have = frameSize

  constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module, {
      env: {
        emscripten_memcpy_big: (to: number, from: number, bytes: number) => {
          new Uint8Array(this.#rnn.memory.buffer).copyWithin(to, from, from + bytes)
        },
        emscripten_resize_heap: () => 0,
        __assert_fail: () => {
          throw new Error('rnnoise gave up')
        },
      },
    })
    this.#rnn = exports as unknown as Exports
    this.#rnn.emscripten_stack_init()
    this.#rnn.__wasm_call_ctors()
    this.#state = this.#rnn.rnnoise_create(0)
    this.#at = this.#rnn.malloc(frameSize * 4)
  }

  /** Takes samples in and fills as many out; both are of one length, at most a frame. */
  run(samples: Float32Array, out: Float32Array): void {
    for (let taken = 0; taken < samples.length; ) {
      const part = samples.subarray(taken, taken + frameSize - this.#filled)
      this.#waiting.set(part, this.#filled)
      this.#filled += part.length
      taken += part.length
      if (this.#filled === frameSize) this.#frame()
    }
    out.set(this.#done.subarray(0, out.length))
    this.#done.copyWithin(0, out.length, this.#have)
    this.#have -= out.length
  }

  close(): void {
    this.#rnn.rnnoise_destroy(this.#state)
  }

  #frame(): void {
    const heap = new Float32Array(this.#rnn.memory.buffer, this.#at, frameSize)
    for (let i = 0; i < frameSize; i++) heap[i] = (this.#waiting[i] ?? 0) * loud
    this.#rnn.rnnoise_process_frame(this.#state, this.#at, this.#at)
    for (let i = 0; i < frameSize; i++) this.#done[this.#have + i] = (heap[i] ?? 0) / loud
    this.#have += frameSize
    this.#filled = 0
  }
}
