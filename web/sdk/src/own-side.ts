import { Emitter } from './emitter.ts'
import { type Environment } from './environment.ts'
import { type DeviceKind, LocalMedia, type MediaChoice, type MediaProblem } from './media.ts'
import { type Sending } from './wire.gen.ts'

interface OwnSideEvents extends Record<string, readonly unknown[]> {
  readonly change: readonly []
  readonly track: readonly [kind: 'audio' | 'video', track: MediaStreamTrack | null]
}

/** OwnSide is what this side of a call sends, and what it lacks. */
export class OwnSide extends Emitter<OwnSideEvents> {
  readonly #media: LocalMedia
  #wantsVideo: boolean
  #problem: MediaProblem | undefined
  #over = false

  constructor(env: Environment, choice: MediaChoice, video: boolean) {
    super()
    this.#wantsVideo = video
    this.#media = new LocalMedia(env, choice)
    this.#media.on('track', (device, track) => {
      this.emit('track', device === 'camera' ? 'video' : 'audio', track)
      this.emit('change')
    })
    this.#media.on('problem', (problem) => this.#set(problem))
  }

  get stream(): MediaStream | undefined {
    return this.#media.stream
  }

  get problem(): MediaProblem | undefined {
    return this.#problem
  }

  get muted(): boolean {
    return this.#media.muted
  }

  get camera(): boolean {
    return this.#media.camera !== undefined
  }

  get wantsVideo(): boolean {
    return this.#wantsVideo
  }

  /** What to tell the other side. */
  get sending(): Sending {
    return { audio: this.#media.microphone !== undefined && !this.muted, video: this.camera }
  }

  /**
   * ready opens the devices and tells whether the call may go on. Where the
   * person has allowed them before, the call does not wait for them; where not,
   * it waits, and a problem that blocks keeps it from ringing at somebody whom
   * nobody could talk to.
   */
  async ready(video: boolean): Promise<boolean> {
    this.#wantsVideo = video
    if (this.#media.microphone !== undefined) return true // taken over from another call
    const wanted = { audio: true, video }
    if (await this.#media.allowed(video)) {
      void this.#media.acquire(wanted).then((problem) => this.#set(free(problem)))
      return !this.#over
    }
    return this.#set(await this.#media.acquire(wanted))
  }

  /** retry opens missing devices again. It returns whether a call that waited may go on. */
  async retry(): Promise<boolean> {
    if (this.#problem === undefined) return false
    if (this.#problem.blocking) return this.#set(await this.#media.acquire({ audio: true, video: this.#wantsVideo }))
    await this.#open(this.#problem.device)
    return false
  }

  /** goOn does without the microphone; a wanted camera is tried alone. It returns whether a call that waited may go on. */
  async goOn(): Promise<boolean> {
    const problem = this.#problem
    if (problem?.blocking !== true) return false
    if (this.#wantsVideo) await this.#media.acquire({ audio: false, video: true })
    return this.#set(free(problem))
  }

  setMuted(muted: boolean): void {
    this.#media.setMuted(muted)
    this.emit('change')
  }

  async setCamera(on: boolean): Promise<void> {
    if (this.#over || on === this.camera) return
    this.#wantsVideo = on
    if (on) await this.#open('camera')
    else this.#media.closeCamera()
  }

  async choose(choice: MediaChoice): Promise<void> {
    this.#set(await this.#media.choose(choice))
  }

  /** adopt takes over what other has open. */
  adopt(other: OwnSide): void {
    this.#media.adopt(other.#media)
  }

  stop(): void {
    this.#over = true
    this.#media.stop()
  }

  async #open(device: DeviceKind): Promise<void> {
    const problem = await this.#media.acquire({ audio: device === 'microphone', video: device === 'camera' })
    this.#set(free(problem))
  }

  #set(problem: MediaProblem | undefined): boolean {
    if (this.#over) return false
    this.#problem = problem
    this.emit('change')
    return problem?.blocking !== true
  }
}

/** A problem that came while the call goes on anyway holds nothing up. */
function free(problem: MediaProblem | undefined): MediaProblem | undefined {
  return problem && { ...problem, blocking: false }
}
