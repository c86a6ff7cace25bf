import {
  type DeviceEvent,
  type DeviceKind,
  type Facing,
  facingOf,
  hint,
  type MediaChoice,
  mediaErrorKind,
  type MediaProblem,
  preferred,
  settingsOf,
  type Using,
  wantedPicture,
  wantedSound,
} from './devices.ts'
import { Emitter } from './emitter.ts'
import { type Environment } from './environment.ts'

interface MediaEvents extends Record<string, readonly unknown[]> {
  /** A device was opened or closed; undefined: closed. */
  readonly track: readonly [device: DeviceKind, track: MediaStreamTrack | undefined]
  /** A device went away by itself, and no other could take its place. */
  readonly problem: readonly [problem: MediaProblem]
  readonly device: readonly [event: DeviceEvent]
}

interface Wanted {
  readonly audio: boolean
  readonly video: boolean
}

const maxLosses = 3
const lossesWithin = 10_000

/** LocalMedia holds the microphone and the camera that are open, as they are. */
export class LocalMedia extends Emitter<MediaEvents> {
  readonly #env: Environment
  #choice: MediaChoice
  #facing: Facing | undefined
  readonly #open = new Map<DeviceKind, MediaStreamTrack>()
  /** Counts what was asked of each device: what opens for an older wish is closed again. */
  readonly #turn = { microphone: 0, camera: 0 }
  #losses: number[] = []
  #muted = false
  #over = false

  constructor(env: Environment, choice: MediaChoice = {}) {
    super()
    this.#env = env
    this.#choice = { microphone: choice.microphone, camera: choice.camera }
  }

  get microphone(): MediaStreamTrack | undefined {
    return this.#open.get('microphone')
  }

  get camera(): MediaStreamTrack | undefined {
    return this.#open.get('camera')
  }

  get muted(): boolean {
    return this.#muted
  }

  get using(): Using {
    const microphone = settingsOf(this.microphone).deviceId
    const camera = settingsOf(this.camera).deviceId
    return { ...(microphone === undefined ? {} : { microphone }), ...(camera === undefined ? {} : { camera }) }
  }

  get facing(): Facing | undefined {
    return facingOf(this.camera)
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
      await this.#ask(wanted)
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
    if (this.microphone !== undefined) this.microphone.enabled = !muted
  }

  /** closeCamera stops the camera, so that its light goes out, also one that is still being opened. */
  closeCamera(): void {
    this.#turn.camera++
    if (this.camera !== undefined) this.#put('camera', undefined)
  }

  /** choose changes to another device at once, where one of its kind is open. */
  async choose(choice: MediaChoice): Promise<MediaProblem | undefined> {
    this.#choice = { ...this.#choice, ...choice }
    if (choice.camera !== undefined) this.#facing = undefined
    const picture = choice.camera !== undefined && this.camera !== undefined ? await this.#changeCamera() : undefined
    const sound = choice.microphone === undefined ? undefined : await this.acquire({ audio: true, video: false })
    const problem = sound ?? picture
    return problem === undefined ? undefined : { ...problem, blocking: false }
  }

  /** swapCamera changes to the camera that looks the other way, or where none says which way it looks, to the next. */
  async swapCamera(): Promise<MediaProblem | undefined> {
    if (this.camera === undefined) return undefined
    const before = { choice: this.#choice, facing: this.#facing }
    const { facing } = this
    if (facing === undefined) {
      const next = await this.#nextCamera()
      if (next === undefined) return undefined
      this.#choice = { ...this.#choice, camera: next }
    } else {
      this.#facing = facing === 'user' ? 'environment' : 'user'
      this.#choice = { ...this.#choice, camera: undefined }
    }
    const problem = await this.#changeCamera()
    if (problem === undefined) return undefined
    this.#choice = before.choice
    this.#facing = before.facing
    if (!this.#open.has('camera')) await this.acquire({ audio: false, video: true })
    return problem
  }

  /** adopt takes over the open devices of other. */
  adopt(other: LocalMedia): void {
    this.setMuted(other.#muted)
    for (const [device, track] of other.#open) this.#put(device, track)
    other.#open.clear()
  }

  /** stop closes everything, also what is still being opened. */
  stop(): void {
    this.#over = true
    for (const track of this.#open.values()) end(track)
    this.#open.clear()
  }

  /** Phones open one camera at a time: where the new one is refused, the old one makes room. */
  async #changeCamera(): Promise<MediaProblem | undefined> {
    const problem = await this.acquire({ audio: false, video: true })
    const old = this.camera
    if (problem?.kind !== 'in_use' || old === undefined || this.#over) return problem
    end(old)
    const again = await this.acquire({ audio: false, video: true })
    if (again !== undefined && this.camera === old) this.#put('camera', undefined)
    return again
  }

  async #nextCamera(): Promise<string | undefined> {
    const all = ((await this.#env.media?.enumerateDevices()) ?? []).filter((d) => d.kind === 'videoinput' && d.deviceId !== '')
    const at = all.findIndex((d) => d.deviceId === settingsOf(this.camera).deviceId)
    return all.length < 2 ? undefined : all[(at + 1) % all.length]?.deviceId
  }

  async #ask({ audio, video }: Wanted): Promise<void> {
    if (this.#env.media === undefined) throw Object.assign(new Error('no devices on an insecure page'), { name: 'InsecureError' })
    const turn = { microphone: audio ? ++this.#turn.microphone : 0, camera: video ? ++this.#turn.camera : 0 }
    const opened = await this.#env.media.getUserMedia({
      audio: audio && { ...wantedSound, ...preferred(this.#choice.microphone) },
      video: video && { ...wantedPicture, ...preferred(this.#choice.camera), ...(this.#facing && { facingMode: { ideal: this.#facing } }) },
    })
    for (const track of opened.getTracks()) {
      const device = track.kind === 'audio' ? 'microphone' : 'camera'
      if (this.#over || turn[device] !== this.#turn[device]) track.stop()
      else this.#put(device, track)
    }
  }

  #put(device: DeviceKind, track: MediaStreamTrack | undefined): void {
    const old = this.#open.get(device)
    if (track === undefined) this.#open.delete(device)
    else {
      if (device === 'microphone') track.enabled = !this.#muted
      hint(track, device === 'microphone' ? 'speech' : 'motion')
      track.onended = () => void this.#gone(device, track)
      this.#open.set(device, track)
    }
    this.emit('track', device, track)
    if (old !== undefined && old !== track) end(old)
  }

  /** A device that was unplugged: another of its kind takes over. */
  async #gone(device: DeviceKind, track: MediaStreamTrack): Promise<void> {
    const now = this.#env.now()
    this.#losses = [...this.#losses.filter((at) => now - at < lossesWithin), now]
    const turn = this.#turn[device]
    const problem =
      this.#losses.length > maxLosses
        ? { kind: device === 'camera' ? ('no_camera' as const) : ('no_microphone' as const), device, blocking: false }
        : await this.acquire({ audio: device === 'microphone', video: device === 'camera' })
    if (this.#over) return
    const present = this.#open.get(device)
    if (present !== undefined && present !== track) {
      this.emit('device', { device, now: 'switched', label: present.label })
      return
    }
    if (present === undefined || turn + 1 < this.#turn[device]) return // closed, or changed, by the person meanwhile
    this.#put(device, undefined)
    this.emit('problem', { ...(problem ?? { kind: 'unknown', device }), blocking: false })
    this.emit('device', { device, now: 'lost', label: track.label })
  }
}

function end(track: MediaStreamTrack): void {
  track.onended = null
  track.stop()
}
