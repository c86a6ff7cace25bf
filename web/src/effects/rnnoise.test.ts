import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { beforeAll, describe, expect, it } from 'vitest'

import { Denoiser } from './rnnoise.ts'

let module: WebAssembly.Module
beforeAll(async () => {
  const path = createRequire(import.meta.url).resolve('@sapphi-red/web-noise-suppressor/rnnoise_simd.wasm')
  module = await WebAssembly.compile(await readFile(path))
})

const rate = 48_000

/** Numbers that are the same each time. */
function dice(): () => number {
  let x = 7
  return () => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    return x / 2 ** 31 - 1
  }
}

/** A voice as far as a filter knows one: a pitch that wanders, its overtones under three formants, in syllables. */
function voice(at: number): number {
  const t = at / rate
  const syllable = Math.max(0, Math.sin(2 * Math.PI * 2.6 * t)) ** 0.6
  const pitch = 125 + 18 * Math.sin(2 * Math.PI * 0.7 * t)
  let sum = 0
  for (let n = 1; n * pitch < 4000; n++) {
    const f = n * pitch
    const formants = 1 / (1 + ((f - 600) / 180) ** 2) + 0.6 / (1 + ((f - 1300) / 220) ** 2) + 0.25 / (1 + ((f - 2600) / 300) ** 2)
    const phase = 2 * Math.PI * n * (125 * t - (18 / (2 * Math.PI * 0.7)) * Math.cos(2 * Math.PI * 0.7 * t))
    sum += formants * Math.sin(phase)
  }
  return 0.12 * syllable * sum
}

const power = (x: Float32Array, from: number, to: number): number => x.subarray(from, to).reduce((p, v) => p + v * v, 0) / (to - from)
const dB = (ratio: number): number => 10 * Math.log10(ratio)

function through(signal: Float32Array, block = 128): Float32Array {
  const filter = new Denoiser(module)
  const out = new Float32Array(signal.length)
  for (let i = 0; i + block <= signal.length; i += block) filter.run(signal.subarray(i, i + block), out.subarray(i, i + block))
  filter.close()
  return out
}

describe('noise', () => {
  it("falls by more than 20 dB where nobody talks, and a voice stays within 2 dB", () => {
    const length = rate * 6
    const random = dice()
    // A room: more of it low than high. RNNoise knows little to do about an even hiss.
    let room = 0
    const noise = new Float32Array(length).map(() => (room = 0.9 * room + 0.01 * random()))
    const speech = new Float32Array(length).map((_, i) => (i > 3 * rate ? voice(i) : 0))
    const both = noise.map((n, i) => n + (speech[i] ?? 0))
    const out = through(both)
    const quiet = dB(power(out, 2 * rate, 2.9 * rate) / power(both, 2 * rate, 2.9 * rate))
    const talk = dB(power(out, 4 * rate, 6 * rate) / power(speech, 4 * rate, 6 * rate))
    expect(quiet).toBeLessThan(-20)
    expect(Math.abs(talk)).toBeLessThan(2)
  })
})
