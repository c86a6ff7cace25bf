import { type Environment } from './environment.ts'

/**
 * Mixer adds the sound of a screen to that of the microphone, so that one
 * track carries both. Until it runs, and where it can't, the microphone goes
 * alone: nobody is to lose their voice for a film.
 */
export class Mixer {
  readonly #env: Environment
  readonly #changed: () => void
  #context: AudioContext | undefined
  #out: MediaStreamAudioDestinationNode | undefined
  #running = false
  readonly #inputs = new Map<MediaStreamTrack, MediaStreamAudioSourceNode>()

  constructor(env: Environment, changed: () => void) {
    this.#env = env
    this.#changed = changed
  }

  /** mix returns what to send of the two. */
  mix(voice: MediaStreamTrack | undefined, other: MediaStreamTrack | undefined): MediaStreamTrack | undefined {
    if (other === undefined) {
      this.close()
      return voice
    }
    try {
      this.#open()
      this.#connect([voice, other].filter((t) => t !== undefined))
    } catch {
      this.close()
      return voice
    }
    return this.#running ? (this.#out?.stream.getTracks()[0] ?? voice) : voice
  }

  close(): void {
    const context = this.#context
    for (const input of this.#inputs.values()) input.disconnect()
    this.#inputs.clear()
    this.#context = this.#out = undefined
    this.#running = false
    void context?.close().catch(() => undefined)
  }

  #open(): void {
    if (this.#context !== undefined) return
    const context = this.#env.createAudioContext()
    this.#context = context
    this.#out = context.createMediaStreamDestination()
    context.resume().then(
      () => {
        if (this.#context !== context) return
        this.#running = true
        this.#changed()
      },
      () => undefined,
    )
  }

  #connect(tracks: readonly MediaStreamTrack[]): void {
    const { context, out } = { context: this.#context, out: this.#out }
    if (context === undefined || out === undefined) return
    for (const [track, input] of this.#inputs) {
      if (tracks.includes(track)) continue
      input.disconnect()
      this.#inputs.delete(track)
    }
    for (const track of tracks) {
      if (this.#inputs.has(track)) continue
      const stream = this.#env.createStream()
      stream.addTrack(track)
      const input = context.createMediaStreamSource(stream)
      input.connect(out)
      this.#inputs.set(track, input)
    }
  }
}
