// Runs beside the page, from /effects.js, under a policy of its own
// (docs/adr/0014). It compiles and reads three files of our own,
// and posts its answers; no picture and no sound leaves this device.

import noiseModule from '@sapphi-red/web-noise-suppressor/rnnoise_simd.wasm?url'
import model from '@twilio/video-processors/dist/build/selfie_segmentation_landscape.tflite?url'
import runtime from '@twilio/video-processors/dist/build/tflite-simd-1-0-0.wasm?url'
import createRuntime from '@twilio/video-processors/dist/build/tflite-simd-1-0-0.js'

import { Mask } from './mask.ts'
import { type Asked, type Told } from './messages.ts'

const tell = (told: Told, hand: Transferable[] = []): void => (self as unknown as Worker).postMessage(told, hand)

async function file(url: string): Promise<ArrayBuffer> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return answer.arrayBuffer()
}

/** Segmenter says of each point how likely it is a person's. */
async function segmenter(): Promise<{ width: number; height: number; run: (pixels: Uint8ClampedArray) => void }> {
  const [wasmBinary, weights] = await Promise.all([file(runtime), file(model)])
  const lite = await createRuntime({ wasmBinary, print: () => undefined, printErr: () => undefined })
  lite.HEAPU8.set(new Uint8Array(weights), lite._getModelBufferMemoryOffset())
  if (lite._loadModel(weights.byteLength) !== 0) throw new Error('the model did not load')
  const width = lite._getInputWidth()
  const height = lite._getInputHeight()
  const points = width * height
  const mask = new Mask(points)
  return {
    width,
    height,
    run: (pixels) => {
      const into = lite._getInputMemoryOffset() / 4
      for (let i = 0, at = into; i < points * 4; i += 4) {
        lite.HEAPF32[at++] = (pixels[i] ?? 0) / 255
        lite.HEAPF32[at++] = (pixels[i + 1] ?? 0) / 255
        lite.HEAPF32[at++] = (pixels[i + 2] ?? 0) / 255
      }
      if (lite._runInference() !== 0) throw new Error('no answer of the model')
      const from = lite._getOutputMemoryOffset() / 4
      mask.put(lite.HEAPF32.subarray(from, from + points), pixels)
    },
  }
}

/** How often a page that is hidden is told to look at the camera; a timer of its own would be held back. */
const pace = 33

let segment: Awaited<ReturnType<typeof segmenter>> | undefined

async function hear(asked: Asked): Promise<void> {
  switch (asked.ask) {
    case 'blur':
      setInterval(() => tell({ tell: 'tick' }), pace)
      segment = await segmenter()
      tell({ tell: 'ready', width: segment.width, height: segment.height })
      return
    case 'segment':
      segment?.run(asked.pixels)
      tell({ tell: 'mask', pixels: asked.pixels }, [asked.pixels.buffer])
      return
    case 'noise':
      asked.to.postMessage(await WebAssembly.compile(await file(noiseModule)))
  }
}

self.onmessage = ({ data }: MessageEvent<Asked>) => {
  hear(data).catch((error: unknown) => tell({ tell: 'failed', why: String(error) }))
}
