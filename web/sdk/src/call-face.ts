import { type CallEvents, type CallOptions } from './call-types.ts'
import { type Facing, type MediaProblem, type Using } from './devices.ts'
import { type Effects } from './effects.ts'
import { Emitter } from './emitter.ts'
import { PeerLink } from './link.ts'
import { Meter } from './meter.ts'
import { OwnSide } from './own-side.ts'
import { Pulse } from './pulse.ts'
import { type CallStats, type Path, type Quality } from './stats.ts'
import { Uplink } from './uplink.ts'
import { type Sending } from './wire.gen.ts'

/** CallFace is the part of a call that is about its media: what this side sends, and how it gets through. */
export abstract class CallFace extends Emitter<CallEvents> {
  protected readonly own: OwnSide
  protected readonly link: PeerLink
  protected readonly meter: Meter
  readonly #uplink: Uplink
  readonly #pulse = new Pulse()
  #told: string | undefined

  protected constructor({ env, settings, direction, video }: CallOptions) {
    super()
    this.own = new OwnSide(env, settings, video)
    this.link = new PeerLink(env, {
      polite: direction === 'incoming',
      relayOnly: settings.relay === 'always',
      turn: settings.turn,
    })
    this.#uplink = new Uplink({
      tune: (tuning) => void this.link.tune(tuning).catch(() => undefined), // a browser that can't goes on as it is
      onHeld: () => {
        this.#sendingChanged()
        this.changed()
      },
    })
    this.meter = new Meter(this.link, () => this.changed(), (now, before) => {
      const beats = this.#pulse.take(now, before)
      this.#uplink.take(now, before, this.#pulse.returned ? 'returned' : beats ? 'beats' : 'none')
      this.link.hush(this.#pulse.lost && this.#expectsSigns)
    })
  }

  /** tellSending tells the other side what this one sends. */
  protected abstract tellSending(): void
  protected abstract trackChanged(kind: 'audio' | 'video', track: MediaStreamTrack | null): void

  /** What the other side says that it sends. */
  abstract get remote(): Sending

  /** Whoever sends something is heard, and whoever gets something reports it; where neither sends, silence is no sign. */
  get #expectsSigns(): boolean {
    return [this.remote, this.sending].some((s) => s.audio || (s.video && s.held !== true))
  }

  /** Another device is at the other end: what is known of the way to the one before counts for nothing. */
  protected metAnother(): void {
    this.#uplink.renew()
  }

  /** What to tell the other side. */
  protected get sending(): Sending {
    return { ...this.own.sending, ...(this.held ? { held: true } : {}) }
  }

  /** follow hears what becomes of this side's media. */
  protected follow(): readonly (() => void)[] {
    return [
      this.own.on('change', () => this.changed()),
      this.own.on('track', (kind, track) => this.trackChanged(kind, track)),
      this.own.on('sending', () => this.#sendingChanged()),
      this.own.on('device', (event) => this.emit('device', event)),
      this.link.on('media', () => this.changed()),
    ]
  }

  protected changed(): void {
    this.emit('change')
  }

  #sendingChanged(): void {
    this.#uplink.shows(this.own.screen)
    const now = JSON.stringify(this.sending)
    if (now === this.#told) return
    this.#told = now
    this.tellSending()
  }

  /** What the call lacks on this side. While it blocks, the call waits for retry, goOn or hangUp. */
  get problem(): MediaProblem | undefined {
    return this.own.problem
  }

  /** What this side sends, for showing it to oneself. */
  get localStream(): MediaStream | undefined {
    return this.own.stream
  }

  get remoteStream(): MediaStream {
    return this.link.remoteStream
  }

  get muted(): boolean {
    return this.own.muted
  }

  get camera(): boolean {
    return this.own.camera
  }

  /** Whether this side shows a screen. */
  get screen(): boolean {
    return this.own.screen
  }

  get canShareScreen(): boolean {
    return this.own.canShareScreen
  }

  /** Which way the camera looks, where it says so. */
  get facing(): Facing | undefined {
    return this.own.facing
  }

  /** The devices in use. */
  get using(): Using {
    return this.own.using
  }

  /** Whether this side's picture waits for the network to have room for it; the sound goes on. */
  get held(): boolean {
    return this.own.sending.video && this.#uplink.held
  }

  get path(): Path | undefined {
    return this.meter.path
  }

  get quality(): Quality | undefined {
    return this.meter.quality
  }

  /** stats reads the present figures. */
  stats(): Promise<CallStats> {
    return this.meter.now()
  }

  /** setMuted silences this side and tells the other. */
  setMuted(muted: boolean): void {
    this.own.setMuted(muted)
  }

  /** setCamera opens or closes the camera and tells the other side. A camera that can't be had becomes the problem. */
  setCamera(on: boolean): Promise<void> {
    return this.own.setCamera(on)
  }

  /** swapCamera changes to the camera that looks the other way, or to the next one. */
  swapCamera(): Promise<void> {
    return this.own.swapCamera()
  }

  /**
   * setScreen shows a screen, window or tab in the camera's place, with its
   * sound where the browser gives it, or takes it back. Call it from the press
   * itself. Where the person picks nothing, nothing happens.
   */
  setScreen(on: boolean): Promise<void> {
    return this.own.setScreen(on)
  }

  /**
   * setEffects changes what is done to picture and sound. A camera effect that
   * fails turns the camera off, so that the picture is never sent as it is; a
   * microphone effect that fails lets the sound through.
   */
  setEffects(effects: Effects): Promise<void> {
    return this.own.setEffects(effects)
  }

  setMicrophoneDevice(id: string): Promise<void> {
    return this.own.choose({ microphone: id })
  }

  setCameraDevice(id: string): Promise<void> {
    return this.own.choose({ camera: id })
  }
}
