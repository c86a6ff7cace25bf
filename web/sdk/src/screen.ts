import { hint } from './devices.ts'
import { Emitter } from './emitter.ts'
import { type Environment } from './environment.ts'

interface ScreenEvents extends Record<string, readonly unknown[]> {
  readonly change: readonly []
}

const wantedScreen: DisplayMediaStreamOptions = {
  video: { frameRate: { ideal: 15, max: 30 } },
  // The sound of a film is not to be cleaned of what is no speech.
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
}

/** Screen is a screen, window or tab that the person shows. */
export class Screen extends Emitter<ScreenEvents> {
  readonly #env: Environment
  #picture: MediaStreamTrack | undefined
  #sound: MediaStreamTrack | undefined
  #asking: Promise<void> | undefined
  #turn = 0

  constructor(env: Environment) {
    super()
    this.#env = env
  }

  get possible(): boolean {
    return typeof this.#env.media?.getDisplayMedia === 'function'
  }

  get picture(): MediaStreamTrack | undefined {
    return this.#picture
  }

  get sound(): MediaStreamTrack | undefined {
    return this.#sound
  }

  /**
   * start asks the person what to show; browsers answer only to a press, so
   * the asking comes before anything that takes time. Without an answer, or
   * where it is refused, nothing happens.
   */
  start(): Promise<void> {
    if (this.#picture !== undefined || !this.possible) return Promise.resolve()
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  stop(): void {
    this.#turn++
    const was = this.#picture
    for (const track of [this.#picture, this.#sound]) end(track)
    this.#picture = this.#sound = undefined
    if (was !== undefined) this.emit('change')
  }

  async #ask(): Promise<void> {
    const turn = ++this.#turn
    const shown = await this.#env.media?.getDisplayMedia?.(wantedScreen).catch(() => undefined)
    const tracks = shown?.getTracks() ?? []
    const picture = tracks.find((t) => t.kind === 'video')
    if (turn !== this.#turn || picture === undefined) {
      for (const track of tracks) end(track)
      return
    }
    hint(picture, 'detail')
    this.#picture = picture
    this.#sound = tracks.find((t) => t.kind === 'audio')
    picture.onended = () => this.stop() // in the browser's own bar
    if (this.#sound !== undefined) {
      this.#sound.onended = () => {
        this.#sound = undefined
        this.emit('change')
      }
    }
    this.emit('change')
  }
}

function end(track: MediaStreamTrack | undefined): void {
  if (track === undefined) return
  track.onended = null
  track.stop()
}
