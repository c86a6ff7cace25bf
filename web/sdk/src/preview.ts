import { type MediaChoice, type MediaProblem, type Using } from './devices.ts'
import { type Effects } from './effects.ts'
import { Emitter } from './emitter.ts'
import { type Environment } from './environment.ts'
import { OwnSide } from './own-side.ts'

/** PreviewChoice says what a preview begins with. */
export interface PreviewChoice extends MediaChoice {
  readonly video: boolean
  readonly effects?: Effects | undefined
}

/** Preview opens the devices as a call would, and sends nothing. Close it before the call. */
export class Preview extends Emitter<{ change: [] }> {
  readonly #own: OwnSide

  constructor(env: Environment, choice: PreviewChoice) {
    super()
    this.#own = new OwnSide(env, choice, choice.video)
    this.#own.on('change', () => this.emit('change'))
    void this.#open(choice.video)
  }

  /** What would be sent; another object whenever its tracks change. */
  get stream(): MediaStream | undefined {
    return this.#own.stream
  }

  get problem(): MediaProblem | undefined {
    return this.#own.problem
  }

  get using(): Using {
    return this.#own.using
  }

  get camera(): boolean {
    return this.#own.camera
  }

  choose(choice: MediaChoice): Promise<void> {
    return this.#own.choose(choice)
  }

  setEffects(effects: Effects): Promise<void> {
    return this.#own.setEffects(effects)
  }

  setCamera(on: boolean): Promise<void> {
    return this.#own.setCamera(on)
  }

  /** retry opens what is missing again. */
  async retry(): Promise<void> {
    await this.#own.retry()
  }

  close(): void {
    this.#own.stop()
  }

  /** Nothing waits here: without a microphone the camera is shown all the same. */
  async #open(video: boolean): Promise<void> {
    if (!(await this.#own.ready(video))) await this.#own.goOn()
  }
}
