import { type DeviceEvent, type DeviceKind, type Facing, type MediaChoice, type MediaProblem, type Using, watchDevices } from './devices.ts'
import { Chain, type Effects } from './effects.ts'
import { Emitter } from './emitter.ts'
import { type Environment } from './environment.ts'
import { LocalMedia } from './media.ts'
import { Mixer } from './mixer.ts'
import { Screen } from './screen.ts'
import { type Sending } from './wire.gen.ts'

interface OwnSideEvents extends Record<string, readonly unknown[]> {
  readonly change: readonly []
  readonly track: readonly [kind: 'audio' | 'video', track: MediaStreamTrack | null]
  /** What the other side is told of has changed. */
  readonly sending: readonly []
  readonly device: readonly [event: DeviceEvent]
}

/** OwnChoice is what a side begins with. */
export interface OwnChoice extends MediaChoice {
  readonly effects?: Effects | undefined
  readonly startMuted?: boolean | undefined
}

/**
 * OwnSide is what this side of a call sends, and what it lacks: the camera
 * after its effect or a screen in its place, and the microphone after its
 * effect, with the screen's sound where there is one.
 */
export class OwnSide extends Emitter<OwnSideEvents> {
  readonly #env: Environment
  readonly #media: LocalMedia
  readonly #camera: Chain
  readonly #microphone: Chain
  readonly #screen: Screen
  readonly #mixer: Mixer
  #audio: MediaStreamTrack | undefined
  #video: MediaStreamTrack | undefined
  #stream: MediaStream | undefined
  #wantsVideo: boolean
  #problem: MediaProblem | undefined
  /** Stays until the camera or its effect is tried again. */
  #effectFailed = false
  /** The microphone went away in mid-call, and none could take its place. */
  #voiceLost = false
  readonly #unwatch: () => void
  #over = false

  constructor(env: Environment, choice: OwnChoice, video: boolean) {
    super()
    this.#env = env
    this.#wantsVideo = video
    this.#media = new LocalMedia(env, choice)
    if (choice.startMuted === true) this.#media.setMuted(true)
    this.#camera = new Chain('camera', choice.effects?.camera)
    this.#microphone = new Chain('microphone', choice.effects?.microphone)
    this.#screen = new Screen(env)
    this.#mixer = new Mixer(env, () => this.#update())
    this.#media.on('track', (device, track) => {
      void this.#chain(device).setSource(track)
      this.#changed()
    })
    this.#media.on('problem', (problem) => {
      this.#voiceLost ||= problem.device === 'microphone'
      this.#set(problem)
    })
    this.#unwatch = watchDevices(env.media, () => this.#plugged())
    this.#media.on('device', (event) => this.emit('device', event))
    for (const chain of [this.#camera, this.#microphone]) chain.on('out', () => this.#update())
    this.#camera.on('failed', () => this.#withoutEffect())
    this.#screen.on('change', () => this.#update())
  }

  /** What is sent, to show to oneself; another object whenever its tracks change. */
  get stream(): MediaStream | undefined {
    return this.#stream
  }

  get problem(): MediaProblem | undefined {
    return this.#problem ?? (this.#effectFailed ? { kind: 'effect', device: 'camera', blocking: false } : undefined)
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

  get screen(): boolean {
    return this.#screen.picture !== undefined
  }

  get canShareScreen(): boolean {
    return this.#screen.possible
  }

  get facing(): Facing | undefined {
    return this.#media.facing
  }

  get using(): Using {
    return this.#media.using
  }

  /** What to tell the other side. */
  get sending(): Sending {
    const audio = this.#media.microphone !== undefined && !this.muted
    return { audio, video: this.#video !== undefined, ...(this.screen ? { screen: true } : {}) }
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
      void this.#media.acquire(wanted).then((problem) => {
        this.#set(free(problem))
        if (problem?.blocking === true && video) void this.#media.acquire({ audio: false, video }) // nobody waits: the picture may come alone
      })
      return !this.#over
    }
    return this.#set(await this.#media.acquire(wanted))
  }

  /** retry opens missing devices again. It returns whether a call that waited may go on. */
  async retry(): Promise<boolean> {
    const { problem } = this
    if (problem === undefined) return false
    if (problem.blocking) return this.#set(await this.#media.acquire({ audio: true, video: this.#wantsVideo }))
    await this.#open(problem.device)
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
    this.#changed()
  }

  async setCamera(on: boolean): Promise<void> {
    if (this.#over || (on && this.camera)) return
    this.#wantsVideo = on
    if (on) await this.#open('camera')
    else this.#media.closeCamera()
  }

  async swapCamera(): Promise<void> {
    this.#set(free(await this.#media.swapCamera()))
  }

  /** setScreen shows a screen in the camera's place, or takes it back. Call it in the press itself: browsers want that. */
  setScreen(on: boolean): Promise<void> {
    if (on && !this.#over) return this.#screen.start()
    this.#screen.stop()
    return Promise.resolve()
  }

  async setEffects(effects: Effects): Promise<void> {
    if (this.#over) return
    this.#effectFailed = false
    this.emit('change')
    await Promise.all([this.#camera.setEffect(effects.camera), this.#microphone.setEffect(effects.microphone)])
  }

  async choose(choice: MediaChoice): Promise<void> {
    this.#set(await this.#media.choose(choice))
  }

  /** adopt takes over what other has open. */
  adopt(other: OwnSide): void {
    other.#camera.stop()
    other.#microphone.stop()
    this.#media.adopt(other.#media)
  }

  stop(): void {
    this.#over = true
    this.#unwatch()
    this.#screen.stop()
    this.#mixer.close()
    this.#camera.stop()
    this.#microphone.stop()
    this.#media.stop()
    this.#audio = this.#video = this.#stream = undefined
  }

  async #open(device: DeviceKind): Promise<void> {
    if (device === 'camera') this.#effectFailed = false
    this.#set(free(await this.#media.acquire({ audio: device === 'microphone', video: device === 'camera' })))
  }

  /** Whoever had a voice gets it back with the next microphone. A camera waits for a press. */
  #plugged(): void {
    if (!this.#voiceLost || this.#media.microphone !== undefined) return
    this.#voiceLost = false
    void this.#media.acquire({ audio: true, video: false }).then((problem) => {
      this.#voiceLost = problem !== undefined
      this.#set(free(problem))
    })
  }

  #chain(device: DeviceKind): Chain {
    return device === 'camera' ? this.#camera : this.#microphone
  }

  /** A picture that was to be changed is not sent as it is. */
  #withoutEffect(): void {
    this.#effectFailed = true
    this.#media.closeCamera()
    this.emit('change')
  }

  /** Finds out what to send now. */
  #update(): void {
    if (this.#over) return
    const audio = this.#mixer.mix(this.#microphone.out, this.#screen.sound)
    const video = this.#screen.picture ?? this.#camera.out
    const heard = audio !== this.#audio
    const seen = video !== this.#video
    this.#audio = audio
    this.#video = video
    if (heard || seen) {
      this.#stream = this.#env.createStream()
      for (const track of [audio, video]) if (track !== undefined) this.#stream.addTrack(track)
    }
    if (heard) this.emit('track', 'audio', audio ?? null)
    if (seen) this.emit('track', 'video', video ?? null)
    this.#changed()
  }

  #changed(): void {
    if (this.#over) return
    this.emit('sending')
    this.emit('change')
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
