// Runs in the audio thread, from /noise.js. WebAssembly comes compiled: this
// place may not compile any.

import { Denoiser } from './rnnoise.ts'

// What an AudioWorkletGlobalScope has, which TypeScript's library does not know.
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void

class Noise extends AudioWorkletProcessor {
  #denoiser: Denoiser | undefined
  #over = false

  constructor() {
    super()
    this.port.onmessage = ({ data }: MessageEvent<MessagePort | 'stop'>) => {
      if (data === 'stop') {
        this.#over = true
        this.#denoiser?.close()
        this.#denoiser = undefined
      } else {
        data.onmessage = (told: MessageEvent<WebAssembly.Module>) => this.#begin(told.data)
        data.onmessageerror = () => this.port.postMessage('the filter did not come through')
      }
    }
  }

  #begin(module: WebAssembly.Module): void {
    try {
      this.#denoiser = new Denoiser(module)
      this.port.postMessage('ready')
    } catch (error) {
      this.port.postMessage(String(error))
    }
  }

  process([into = []]: Float32Array[][], [out = []]: Float32Array[][]): boolean {
    const heard = into[0]
    const said = out[0]
    // Silence until RNNoise is there, never a burst of what it would have taken out.
    if (heard !== undefined && said !== undefined) this.#denoiser?.run(heard, said)
    return !this.#over
  }
}

registerProcessor('ringfence-noise', Noise)
