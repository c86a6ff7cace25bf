// Stand-ins for what the SDK reaches outside: a hub behind WebSockets, devices,
// a network, and RTCPeerConnection with its signaling states.

import { vi } from 'vitest'

import { browserEnvironment, type Environment, type MediaSource, type NetworkEvent, type SocketLike } from '../src/environment.ts'
import { type OpenEnvelope, readEnvelope } from '../src/envelope.ts'
import { newId, openJSON, sealJSON } from '../src/text.ts'
import { type BodyOf, type CallId, type ClientKind, type Frame, type Kind } from '../src/wire.gen.ts'
import { FakePeer } from './fake-peer.ts'

export const anna = 'annaaaaaaaaaaaaaaaaaaaaaae'
export const berta = 'bertaaaaaaaaaaaaaaaaaaaaae'
export const chi = 'chiaaaaaaaaaaaaaaaaaaaaaae'
export const dora = 'doraaaaaaaaaaaaaaaaaaaaaae'
export const device = 'deviceaaaaaaaaaaaaaaaaaaae'

/** FakeSocket is the client's end of one connection, in the hands of a test. */
export class FakeSocket implements SocketLike {
  readyState = 0
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  readonly sent: OpenEnvelope[] = []
  closedWith: number | undefined

  readonly url: string
  readonly protocols: readonly string[]

  constructor(url: string, protocols: readonly string[]) {
    this.url = url
    this.protocols = protocols
  }

  send(data: string): void {
    if (this.readyState !== 1) throw new Error('not open')
    this.sent.push(readEnvelope(data, 'client')) // as strictly as the hub
  }

  close(code?: number): void {
    this.readyState = 3
    this.closedWith = code
  }

  open(): void {
    this.readyState = 1
    this.onopen?.({} as never)
  }

  message(data: unknown): void {
    this.onmessage?.({ data } as never)
  }

  drop(code = 1006): void {
    this.readyState = 3
    this.onclose?.({ code } as never)
  }
}

export function bodyOf<K extends Kind>(envelope: OpenEnvelope, kind: K): BodyOf[K] {
  if (envelope.kind !== kind) throw new Error(`got ${envelope.kind}, want ${kind}`)
  return openJSON(envelope.body) as BodyOf[K]
}

type Sendable = { [K in Kind]: { readonly kind: K; readonly body: BodyOf[K] } }[Kind] &
  Partial<Pick<Frame, 'call' | 'from' | 'id'>>

/** FakeHub holds every socket that was opened, and speaks on the newest. */
export class FakeHub {
  readonly sockets: FakeSocket[] = []
  /** Which run of the hub this is; undefined: one of before there were names for that. */
  boot: string | undefined = 'bootaaaaaaaaaaaaaaaaaaaaae'
  #seq = 0
  #tokens = 0
  #since = 0
  #missed: unknown[] = []

  get socket(): FakeSocket {
    const last = this.sockets.at(-1)
    if (last === undefined) throw new Error('no socket was opened')
    return last
  }

  open = (url: string, protocols: readonly string[]): FakeSocket => {
    const socket = new FakeSocket(url, protocols)
    this.sockets.push(socket)
    return socket
  }

  /** welcome opens the newest socket and answers its hello. */
  welcome(resumed = false, received = this.received()): void {
    this.socket.open()
    if (!resumed) this.#seq = 0
    this.#since = resumed ? this.#since : this.sockets.length - 1
    const body = {
      version: 1,
      self: { account: anna, device },
      resume: `token${++this.#tokens}`,
      resumed,
      received: resumed ? received : 0,
      resume_seconds: 20,
      ...(this.boot === undefined ? {} : { boot: this.boot }),
    }
    const missed = this.#missed.splice(0)
    this.raw({ v: 1, kind: 'welcome', body: sealJSON(body) })
    if (resumed) for (const frame of missed) this.raw(frame)
  }

  /** How many frames of this session came, hello not counted, the same one told twice once. */
  received(): number {
    const all = this.sockets.slice(this.#since).flatMap((s) => s.sent)
    return new Set(all.filter((e) => e.kind !== 'hello').map((e) => e.id)).size
  }

  /** next is the number of the next frame. */
  next(): number {
    return ++this.#seq
  }

  send(frame: Sendable): void {
    const { body, ...rest } = frame
    this.raw({ v: 1, ...rest, seq: this.next(), body: sealJSON(body) })
  }

  /** Where the connection is lost, frames wait for the session to go on. */
  raw(frame: unknown): void {
    if (this.socket.readyState === 1) this.socket.message(JSON.stringify(frame))
    else this.#missed.push(frame)
  }

  /** All frames of one kind that came on any socket. */
  got<K extends ClientKind>(kind: K): (OpenEnvelope & { readonly json: BodyOf[K] })[] {
    return this.sockets
      .flatMap((s) => s.sent)
      .filter((e) => e.kind === kind)
      .map((e) => ({ ...e, json: bodyOf(e, kind) }))
  }

  last<K extends ClientKind>(kind: K): OpenEnvelope & { readonly json: BodyOf[K]; readonly call: CallId } {
    const found = this.got(kind).at(-1)
    if (found === undefined) throw new Error(`no ${kind} came`)
    return { ...found, call: found.call ?? '' }
  }

  ok(kind: ClientKind): void {
    this.send({ kind: 'ok', body: { ref: this.last(kind).id ?? '' } })
  }

  refuse(kind: ClientKind, code: BodyOf['error']['code']): void {
    const ref = this.last(kind).id
    this.send({ kind: 'error', body: { code, text: '', ...(ref === undefined ? {} : { ref }) } })
  }
}

/** FakeTrack is a track that can end. */
export class FakeTrack {
  enabled = true
  readyState = 'live'
  contentHint = ''
  onended: (() => void) | null = null
  readonly id = newId()
  readonly kind: 'audio' | 'video'
  label: string
  settings: MediaTrackSettings = {}

  constructor(kind: 'audio' | 'video', label = '') {
    this.kind = kind
    this.label = label
  }

  getSettings(): MediaTrackSettings {
    return this.settings
  }

  stop(): void {
    this.readyState = 'ended'
  }

  unplug(): void {
    this.stop()
    this.onended?.()
  }
}

/** FakeStream is a bag of tracks. */
export class FakeStream {
  readonly #tracks: MediaStreamTrack[] = []

  addTrack(track: MediaStreamTrack): void {
    this.#tracks.push(track)
  }

  getTracks(): MediaStreamTrack[] {
    return [...this.#tracks]
  }
}

export const domError = (name: string): Error => Object.assign(new Error(name), { name })

/** FakeDevices hands tracks out, or the errors that a test puts in. */
export class FakeDevices {
  readonly asked: MediaStreamConstraints[] = []
  readonly askedScreen: unknown[] = []
  readonly tracks: FakeTrack[] = []
  errors: { audio?: string | undefined; video?: string | undefined; both?: string | undefined } = {}
  /** What the person picks when asked for a screen; undefined: nothing. */
  screen: readonly ('audio' | 'video')[] | undefined = ['video']
  list: Partial<MediaDeviceInfo>[] = []
  wait: Promise<void> | undefined
  /** What the next tracks say of themselves. */
  settings: { audio?: MediaTrackSettings; video?: MediaTrackSettings } = {}
  readonly #watchers = new Set<() => void>()

  getUserMedia = async (wanted: MediaStreamConstraints = {}): Promise<MediaStream> => {
    this.asked.push(wanted)
    await this.wait
    const audio = wanted.audio !== false && wanted.audio !== undefined
    const video = wanted.video !== false && wanted.video !== undefined
    const error = (audio && video ? this.errors.both : undefined) ?? (video ? this.errors.video : undefined) ?? (audio ? this.errors.audio : undefined)
    if (error !== undefined) throw domError(error)
    return this.#open([...(audio ? (['audio'] as const) : []), ...(video ? (['video'] as const) : [])])
  }

  getDisplayMedia = async (wanted?: unknown): Promise<MediaStream> => {
    this.askedScreen.push(wanted)
    await this.wait
    if (this.screen === undefined) throw domError('NotAllowedError')
    return this.#open(this.screen)
  }

  enumerateDevices = (): Promise<MediaDeviceInfo[]> => Promise.resolve(this.list as MediaDeviceInfo[])
  addEventListener = (_: string, fn: unknown): void => void this.#watchers.add(fn as () => void)
  removeEventListener = (_: string, fn: unknown): void => void this.#watchers.delete(fn as () => void)

  /** changes lets a device come or go. */
  changes(): void {
    for (const fn of [...this.#watchers]) fn()
  }

  live(kind: 'audio' | 'video'): FakeTrack | undefined {
    return this.tracks.findLast((t) => t.kind === kind && t.readyState === 'live')
  }

  #open(kinds: readonly ('audio' | 'video')[]): MediaStream {
    const stream = new FakeStream()
    for (const kind of kinds) {
      const track = new FakeTrack(kind, `${kind} ${this.tracks.length + 1}`)
      track.settings = { ...this.settings[kind] }
      this.tracks.push(track)
      stream.addTrack(track as unknown as MediaStreamTrack)
    }
    return stream as unknown as MediaStream
  }
}

/** World is everything around a client under test. */
export interface World {
  readonly env: Environment
  readonly hub: FakeHub
  readonly devices: FakeDevices
  readonly peers: FakePeer[]
  readonly peer: () => FakePeer
  readonly allow: { microphone: boolean; camera: boolean }
  readonly network: (event: NetworkEvent) => void
  readonly leavePage: () => void
  readonly watchers: Set<(event: NetworkEvent) => void>
}

/** world makes one; time stands still but for vi's timers. */
export function world(parts: Partial<Environment> = {}): World {
  const hub = new FakeHub()
  const devices = new FakeDevices()
  const peers: FakePeer[] = []
  const allow = { microphone: true, camera: true }
  let leave = (): void => undefined
  const watchers = new Set<(event: NetworkEvent) => void>()
  const env = browserEnvironment({
    openSocket: hub.open,
    fetch: () => Promise.resolve(new Response()),
    createPeer: (configuration) => {
      const peer = new FakePeer(configuration)
      peers.push(peer)
      return peer as unknown as RTCPeerConnection
    },
    createStream: () => new FakeStream() as unknown as MediaStream,
    media: devices as unknown as MediaSource,
    allowed: (d) => Promise.resolve(allow[d]),
    watchNetwork: (fn) => {
      watchers.add(fn)
      return () => void watchers.delete(fn)
    },
    watchLeaving: (fn) => {
      leave = fn
    },
    random: () => 0.5,
    origin: 'https://ring.example',
    ...parts,
  })
  const peer = (): FakePeer => {
    const last = peers.at(-1)
    if (last === undefined) throw new Error('no connection was made')
    return last
  }
  const leavePage = (): void => leave()
  return { env, hub, devices, peers, peer, allow, watchers, leavePage, network: (e) => [...watchers].forEach((fn) => fn(e)) }
}

/** settle lets promises and timers of no time run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await vi.advanceTimersByTimeAsync(0)
}
