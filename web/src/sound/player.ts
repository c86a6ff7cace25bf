import { type Sounds } from '../state/surroundings.ts'
import { rate, render } from './render.ts'
import { scores, type SoundName } from './scores.ts'

/** A short sound that could not begin within this time is no longer true. */
const stale = 1_000
/** The sound card is let go of after this much silence. */
const idle = 5_000

interface Output extends AudioContext {
  setSinkId?: (id: string) => Promise<void>
}

/**
 * WebSounds plays the scores by Web Audio. Where the browser holds sound back
 * until a gesture, a ring that still rings begins at the next one.
 */
export class WebSounds implements Sounds {
  #context: Output | undefined
  #out: GainNode | undefined
  #loop: { readonly name: SoundName; readonly source: AudioBufferSourceNode } | undefined
  readonly #short = new Set<AudioBufferSourceNode>()
  readonly #buffers = new Map<SoundName, AudioBuffer>()
  #volume = 1
  #speaker = ''
  #resting: ReturnType<typeof setTimeout> | undefined

  constructor() {
    for (const gesture of ['pointerdown', 'keydown', 'touchend'] as const) addEventListener(gesture, () => this.#wake(), { capture: true, passive: true })
  }

  loop(name: SoundName): void {
    if (this.#loop?.name === name) return
    this.quiet()
    const source = this.#source(name)
    if (source === undefined) return
    source.loop = true
    source.start()
    this.#loop = { name, source }
  }

  quiet(): void {
    this.#loop?.source.stop()
    this.#loop?.source.disconnect()
    this.#loop = undefined
    this.#restSoon()
  }

  play(name: SoundName): void {
    const source = this.#source(name)
    if (source === undefined) return
    this.#short.add(source)
    source.onended = () => this.#done(source)
    source.start()
    setTimeout(() => {
      if (this.#context?.state !== 'running') this.#done(source)
    }, stale)
  }

  setVolume(volume: number): void {
    this.#volume = volume
    if (this.#out) this.#out.gain.value = volume * volume // what is heard as half as loud
  }

  setSpeaker(id: string): void {
    this.#speaker = id
    this.#choose()
  }

  #done(source: AudioBufferSourceNode): void {
    source.disconnect()
    this.#short.delete(source)
    this.#restSoon()
  }

  #source(name: SoundName): AudioBufferSourceNode | undefined {
    const context = this.#open()
    if (context === undefined || this.#out === undefined) return undefined
    clearTimeout(this.#resting)
    this.#resume()
    const source = context.createBufferSource()
    source.buffer = this.#buffer(context, name)
    source.connect(this.#out)
    return source
  }

  #buffer(context: AudioContext, name: SoundName): AudioBuffer {
    let buffer = this.#buffers.get(name)
    if (buffer === undefined) {
      const samples = render(scores[name])
      buffer = context.createBuffer(1, samples.length, rate)
      buffer.copyToChannel(samples, 0)
      this.#buffers.set(name, buffer)
    }
    return buffer
  }

  #open(): AudioContext | undefined {
    if (this.#context !== undefined) return this.#context
    try {
      this.#context = new AudioContext({ latencyHint: 'interactive' })
      this.#out = new GainNode(this.#context)
      this.#out.connect(this.#context.destination)
      this.setVolume(this.#volume)
      this.#choose()
    } catch {
      // A machine without any sound: nothing to say about it.
    }
    return this.#context
  }

  /** Where the speaker is gone or may not be chosen, the system's is used. */
  #choose(): void {
    const context = this.#context
    if (context?.setSinkId === undefined) return
    context.setSinkId(this.#speaker).catch(() => context.setSinkId?.('').catch(() => undefined))
  }

  /** At a gesture: what waits for one begins. */
  #wake(): void {
    if (this.#loop !== undefined || this.#short.size > 0) this.#resume()
  }

  #resume(): void {
    if (this.#context?.state !== 'running') this.#context?.resume().catch(() => undefined) // held back: the next gesture tries again
  }

  #restSoon(): void {
    clearTimeout(this.#resting)
    if (this.#loop !== undefined || this.#short.size > 0) return
    this.#resting = setTimeout(() => void this.#context?.suspend().catch(() => undefined), idle)
  }
}
