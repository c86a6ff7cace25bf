import { Emitter } from './emitter.ts'
import { type Environment, type MediaSource } from './environment.ts'

/** MediaErrorKind is why a microphone or camera can't be had. */
export type MediaErrorKind = 'no_camera' | 'no_microphone' | 'denied' | 'in_use' | 'insecure' | 'unknown'

/** Device kinds that a call uses. */
export type DeviceKind = 'microphone' | 'camera'

/** MediaProblem says what a call lacks. While it blocks, the call waits to be told to go on. */
export interface MediaProblem {
  readonly kind: MediaErrorKind
  readonly device: DeviceKind
  readonly blocking: boolean
}

/** Device is one microphone or camera; its label is empty before the person has allowed one. */
export interface Device {
  readonly id: string
  readonly label: string
}

/** Devices are what this machine has. */
export interface Devices {
  readonly microphones: readonly Device[]
  readonly cameras: readonly Device[]
}

/** MediaChoice names preferred devices; one that is gone is passed over. */
export interface MediaChoice {
  readonly microphone?: string | undefined
  readonly camera?: string | undefined
}

/** listDevices lists what could be chosen. */
export async function listDevices(source: MediaSource | undefined): Promise<Devices> {
  const all = (await source?.enumerateDevices()) ?? []
  const of = (kind: MediaDeviceKind): Device[] =>
    all.filter((d) => d.kind === kind && d.deviceId !== '').map((d) => ({ id: d.deviceId, label: d.label }))
  return { microphones: of('audioinput'), cameras: of('videoinput') }
}

/** mediaErrorKind puts what browsers throw into our words. */
export function mediaErrorKind(error: unknown, device: DeviceKind): MediaErrorKind {
  switch ((error as { name?: unknown } | null)?.name) {
    case 'NotFoundError':
    case 'OverconstrainedError':
      return device === 'camera' ? 'no_camera' : 'no_microphone'
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied'
    case 'NotReadableError':
    case 'AbortError':
      return 'in_use'
    case 'InsecureError':
      return 'insecure'
    default:
      return 'unknown'
  }
}

interface MediaEvents extends Record<string, readonly unknown[]> {
  /** A track came or went; null takes it away from the other side. */
  readonly track: readonly [device: DeviceKind, track: MediaStreamTrack | null]
  /** A device went away by itself. */
  readonly problem: readonly [problem: MediaProblem]
}

interface Wanted {
  readonly audio: boolean
  readonly video: boolean
}

/** LocalMedia holds what this side sends. */
export class LocalMedia extends Emitter<MediaEvents> {
  readonly #env: Environment
  #choice: MediaChoice
  #stream: MediaStream | undefined
  #microphone: MediaStreamTrack | undefined
  #camera: MediaStreamTrack | undefined
  #muted = false
  #over = false

  constructor(env: Environment, choice: MediaChoice = {}) {
    super()
    this.#env = env
    this.#choice = choice
  }

  /** The stream to show to oneself; another object whenever its tracks change. */
  get stream(): MediaStream | undefined {
    return this.#stream
  }

  get microphone(): MediaStreamTrack | undefined {
    return this.#microphone
  }

  get camera(): MediaStreamTrack | undefined {
    return this.#camera
  }

  get muted(): boolean {
    return this.#muted
  }

  /** allowed tells whether asking for the devices will ask the person nothing. */
  async allowed(video: boolean): Promise<boolean> {
    if (this.#env.media === undefined) return false
    const answers = await Promise.all([this.#env.allowed('microphone'), video ? this.#env.allowed('camera') : true])
    return answers.every(Boolean)
  }

  /**
   * acquire opens microphone and camera. Without a camera it goes on with the
   * microphone alone and says so; without a microphone its problem blocks.
   */
  async acquire(wanted: Wanted): Promise<MediaProblem | undefined> {
    try {
      await this.#open(wanted)
      return undefined
    } catch (error) {
      if (!wanted.audio) return { kind: mediaErrorKind(error, 'camera'), device: 'camera', blocking: false }
      if (!wanted.video) return { kind: mediaErrorKind(error, 'microphone'), device: 'microphone', blocking: true }
      const less = await this.acquire({ audio: true, video: false })
      return less ?? { kind: mediaErrorKind(error, 'camera'), device: 'camera', blocking: false }
    }
  }

  /** setMuted silences the microphone and keeps it open. */
  setMuted(muted: boolean): void {
    this.#muted = muted
    if (this.#microphone !== undefined) this.#microphone.enabled = !muted
  }

  /** closeCamera stops the camera, so that its light goes out. */
  closeCamera(): void {
    this.#put('camera', undefined)
  }

  /** choose changes to another device at once, where one of its kind is open. */
  async choose(choice: MediaChoice): Promise<MediaProblem | undefined> {
    this.#choice = { ...this.#choice, ...choice }
    const audio = choice.microphone !== undefined
    const video = choice.camera !== undefined && this.#camera !== undefined
    if (!audio && !video) return undefined
    const problem = await this.acquire({ audio, video })
    return problem === undefined ? undefined : { ...problem, blocking: false }
  }

  /** adopt takes over the open devices of other. */
  adopt(other: LocalMedia): void {
    this.setMuted(other.#muted)
    for (const device of ['microphone', 'camera'] as const) {
      const track = device === 'microphone' ? other.#microphone : other.#camera
      if (track !== undefined) this.#put(device, track)
    }
    other.#microphone = other.#camera = other.#stream = undefined
  }

  /** stop closes everything, also what is still being opened. */
  stop(): void {
    this.#over = true
    for (const track of [this.#microphone, this.#camera]) {
      if (track === undefined) continue
      track.onended = null
      track.stop()
    }
    this.#microphone = this.#camera = this.#stream = undefined
  }

  async #open({ audio, video }: Wanted): Promise<void> {
    if (this.#env.media === undefined) throw Object.assign(new Error('no devices on an insecure page'), { name: 'InsecureError' })
    const opened = await this.#env.media.getUserMedia({
      audio: audio && { ...wantedSound, ...preferred(this.#choice.microphone) },
      video: video && { ...wantedPicture, ...preferred(this.#choice.camera) },
    })
    for (const track of opened.getTracks()) {
      if (this.#over) track.stop()
      else this.#put(track.kind === 'audio' ? 'microphone' : 'camera', track)
    }
  }

  #put(device: DeviceKind, track: MediaStreamTrack | undefined): void {
    const old = device === 'microphone' ? this.#microphone : this.#camera
    if (old !== undefined) {
      old.onended = null
      old.stop()
    }
    if (device === 'microphone') this.#microphone = track
    else this.#camera = track
    if (track !== undefined) {
      if (device === 'microphone') track.enabled = !this.#muted
      track.onended = () => this.#gone(device)
    }
    this.#stream = this.#env.createStream()
    for (const t of [this.#microphone, this.#camera]) if (t !== undefined) this.#stream.addTrack(t)
    this.emit('track', device, track ?? null)
  }

  #gone(device: DeviceKind): void {
    this.#put(device, undefined)
    this.emit('problem', { kind: device === 'camera' ? 'no_camera' : 'no_microphone', device, blocking: false })
  }
}

const wantedSound: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
const wantedPicture: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
}

function preferred(id: string | undefined): MediaTrackConstraints {
  return id === undefined ? {} : { deviceId: { ideal: id } }
}
