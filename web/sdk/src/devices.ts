import { type MediaSource } from './environment.ts'

/** MediaErrorKind is why a microphone or camera can't be had. effect: what should change the picture before it is sent has failed. */
export type MediaErrorKind = 'no_camera' | 'no_microphone' | 'denied' | 'in_use' | 'insecure' | 'effect' | 'unknown'

/** Device kinds that a call uses. */
export type DeviceKind = 'microphone' | 'camera'

/** MediaProblem says what a call lacks. While it blocks, the call waits to be told to go on. */
export interface MediaProblem {
  readonly kind: MediaErrorKind
  readonly device: DeviceKind
  readonly blocking: boolean
}

/** DeviceEvent tells that a device in use went away: another took its place, or none could. */
export interface DeviceEvent {
  readonly device: DeviceKind
  readonly now: 'switched' | 'lost'
  /** The name of the one that took over, or of the one that is gone. */
  readonly label: string
}

/** Device is one that could be chosen; its label is empty before the person has allowed one. */
export interface Device {
  readonly id: string
  readonly label: string
}

/** Devices are what this machine has. Not every browser names its speakers. */
export interface Devices {
  readonly microphones: readonly Device[]
  readonly cameras: readonly Device[]
  readonly speakers: readonly Device[]
}

/** MediaChoice names preferred devices; one that is gone is passed over. */
export interface MediaChoice {
  readonly microphone?: string | undefined
  readonly camera?: string | undefined
}

/** Using names the devices in use. */
export interface Using {
  readonly microphone?: string
  readonly camera?: string
}

/** Facing is which way a camera of a phone looks. */
export type Facing = 'user' | 'environment'

/** listDevices lists what could be chosen. */
export async function listDevices(source: MediaSource | undefined): Promise<Devices> {
  const all = (await source?.enumerateDevices()) ?? []
  const of = (kind: MediaDeviceKind): Device[] =>
    all.filter((d) => d.kind === kind && d.deviceId !== '').map((d) => ({ id: d.deviceId, label: d.label }))
  return { microphones: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput') }
}

/** watchDevices calls fn when a device comes or goes, until the function that it returns is called. */
export function watchDevices(source: MediaSource | undefined, fn: () => void): () => void {
  const on = (): void => fn()
  source?.addEventListener?.('devicechange', on)
  return () => source?.removeEventListener?.('devicechange', on)
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

/** What is asked of a microphone, by name and not by a browser's habit. */
export const wantedSound: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
export const wantedPicture: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
}

export function preferred(id: string | undefined): MediaTrackConstraints {
  return id === undefined ? {} : { deviceId: { ideal: id } }
}

/** hint says what a track shows or carries, where the browser takes such hints. */
export function hint(track: MediaStreamTrack, content: 'speech' | 'motion' | 'detail'): void {
  if ('contentHint' in track) track.contentHint = content
}

/** settingsOf reads what a track is; drawn and processed ones may not tell. */
export function settingsOf(track: MediaStreamTrack | undefined): MediaTrackSettings {
  return (track as Partial<MediaStreamTrack> | undefined)?.getSettings?.() ?? {}
}

export function facingOf(track: MediaStreamTrack | undefined): Facing | undefined {
  const { facingMode } = settingsOf(track)
  return facingMode === 'user' || facingMode === 'environment' ? facingMode : undefined
}
