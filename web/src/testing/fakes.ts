// Hand-written stand-ins for what view models need from outside. Only tests
// import this.

import { ApiError, type CallElsewhere, type Devices, type Effects, type Friend, type FriendList, type Me, type MediaChoice, NetworkError, type Person } from '@ringfence/sdk'

import { type Client } from '../state/app.ts'
import { type Api, type Call, type Calls, type Link, type Page, type Preview } from '../state/ports.ts'

/** fakeApi answers what over answers; anything else is a mistake of the test. */
export function fakeApi(over: Partial<Api> = {}): Api {
  return new Proxy(over, {
    get: (own: Record<string, unknown>, name: string) => own[name] ?? (() => Promise.reject(new Error(`${name} was not expected`))),
  }) as unknown as Api
}

export const refusal = (code: ApiError['code'], fields: ApiError['fields'] = []): ApiError => new ApiError({ code, status: 400, text: '', fields })
export const noNetwork = (): NetworkError => new NetworkError('offline')

export const someone = (account: string, displayName: string): Person => ({ account, handle: `${account}.0001`, displayName })
export const friend = (account: string, displayName: string, online = false): Friend => ({ ...someone(account, displayName), since: new Date(0), online })
export const nobody: FriendList = { friends: [], incoming: [], outgoing: [], blocked: [] }
export const anna: Me = { id: 'anna', handle: 'anna.4821', displayName: 'Anna', role: '', device: 'd1' }

type Heard = (...args: never[]) => void

/** Wire lets tests say what happened. */
class Wire {
  readonly #heard = new Map<string, Set<Heard>>()

  on(event: string, fn: Heard): () => void {
    const set = this.#heard.get(event) ?? new Set()
    this.#heard.set(event, set.add(fn))
    return () => void set.delete(fn)
  }

  tell(event: string, ...args: unknown[]): void {
    for (const fn of [...(this.#heard.get(event) ?? [])]) (fn as (...a: unknown[]) => void)(...args)
  }

  get listeners(): number {
    return [...this.#heard.values()].reduce((n, set) => n + set.size, 0)
  }
}

/** FakeLink is a connection to the hub that does what it is told. */
export class FakeLink extends Wire {
  state: Link['state'] = 'idle'
  stopReason: Link['stopReason']
  tries = 0

  reconnect(): void {
    this.tries++
  }

  become(state: Link['state'], reason?: Link['stopReason']): void {
    this.state = state
    this.stopReason = reason
    this.tell('state', state)
  }
}

/** FakeCall is a call that does what it is told, and remembers what was asked of it. */
export class FakeCall extends Wire {
  readonly asked: string[] = []
  id = 'call1'
  peer = 'ben'
  direction: Call['direction'] = 'outgoing'
  video = false
  state: Call['state'] = 'preparing'
  ringing = false
  answering = false
  endReason: Call['endReason']
  endedByUs = false
  problem: Call['problem']
  localStream: MediaStream | undefined
  remoteStream: MediaStream | undefined
  muted = false
  camera = false
  screen = false
  canShareScreen = true
  facing: Call['facing']
  using: Call['using'] = {}
  held = false
  remote: Call['remote'] = { audio: true, video: false }
  remoteAway = false
  path: Call['path']
  quality: Call['quality']
  connectedAt: number | undefined
  ran = 0

  duration(): number {
    return this.ran
  }

  answer(o: { video: boolean }): Promise<void> {
    this.asked.push(`answer ${o.video ? 'with' : 'without'} picture`)
    return Promise.resolve()
  }

  setMuted(on: boolean): void {
    this.asked.push(`mute ${on ? 'on' : 'off'}`)
  }

  setCamera(on: boolean): Promise<void> {
    this.asked.push(`camera ${on ? 'on' : 'off'}`)
    return Promise.resolve()
  }

  setScreen(on: boolean): Promise<void> {
    this.asked.push(`screen ${on ? 'on' : 'off'}`)
    return Promise.resolve()
  }

  stats = (): Promise<unknown> => Promise.reject(new Error('no figures'))
  swapCamera = (): Promise<void> => Promise.resolve(void this.asked.push('swap camera'))
  setEffects = (effects: Effects): Promise<void> => Promise.resolve(void this.asked.push(`effects ${Object.keys(effects).join(' ')}`.trim()))
  setMicrophoneDevice = (id: string): Promise<void> => Promise.resolve(void this.asked.push(`microphone ${id}`))
  setCameraDevice = (id: string): Promise<void> => Promise.resolve(void this.asked.push(`camera ${id}`))
  decline = (): void => void this.asked.push('decline')
  hangUp = (): void => void this.asked.push('hang up')
  retry = (): Promise<void> => Promise.resolve(void this.asked.push('retry'))
  goOn = (): Promise<void> => Promise.resolve(void this.asked.push('go on'))

  set(change: Partial<FakeCall>): void {
    Object.assign(this, change)
    this.tell('change')
  }
}

/** FakeCalls holds at most one FakeCall. */
export class FakeCalls extends Wire {
  possible = true
  current: FakeCall | undefined
  settings: Calls['settings'] = { relay: 'auto' }

  start(account: string, o: { video: boolean }): Call {
    const call = new FakeCall()
    Object.assign(call, { peer: account, video: o.video })
    this.take(call)
    return call as unknown as Call
  }

  take(call: FakeCall | undefined): void {
    this.current = call
    this.tell('change', call)
  }

  elsewhere: CallElsewhere[] = []

  /** What the person has on other devices. */
  has(...calls: CallElsewhere[]): void {
    this.elsewhere = calls
    this.tell('elsewhere')
  }

  bring(id: string): Call | undefined {
    this.asked.push(`bring ${id}`)
    const there = this.elsewhere.find((c) => c.id === id)
    return there && this.start(there.peer, { video: there.video })
  }

  waiting: FakeCall | undefined
  readonly asked: string[] = []

  /** Somebody calls meanwhile, or that has ended. */
  wait(call: FakeCall | undefined): void {
    this.waiting = call
    this.tell('waiting', call)
  }

  switchTo(o: { video: boolean }): Promise<void> {
    this.asked.push(`switch ${o.video ? 'with' : 'without'} picture`)
    return Promise.resolve()
  }

  end(reason: NonNullable<Call['endReason']>, byUs = false): void {
    const call = this.current
    this.current = undefined
    call?.set({ state: 'ended', endReason: reason, endedByUs: byUs })
    this.tell('change', undefined)
  }
}

/** FakePreview is a look at oneself that does what it is told. */
export class FakePreview extends Wire {
  readonly asked: string[] = []
  stream: MediaStream | undefined
  problem: Preview['problem']
  using: Preview['using'] = {}
  camera = false

  choose = (choice: MediaChoice): Promise<void> => Promise.resolve(void this.asked.push(`choose ${Object.values(choice).join(' ')}`))
  setEffects = (effects: Effects): Promise<void> => Promise.resolve(void this.asked.push(`effects ${Object.keys(effects).join(' ')}`.trim()))
  setCamera = (on: boolean): Promise<void> => Promise.resolve(void this.asked.push(`camera ${on ? 'on' : 'off'}`))
  retry = (): Promise<void> => Promise.resolve(void this.asked.push('retry'))
  close = (): void => void this.asked.push('close')

  set(change: Partial<FakePreview>): void {
    Object.assign(this, change)
    this.tell('change')
  }
}

/** FakePage is a page with an address bar, a memory and a clipboard. */
export interface FakePage extends Page {
  at: string
  readonly kept: Map<string, string>
  readonly copied: string[]
  network: boolean
  tellNetwork: (on: boolean) => void
  back: (to: string) => void
}

export function fakePage(at = '/'): FakePage {
  const moves: (() => void)[] = []
  const nets: (() => void)[] = []
  const page: FakePage = {
    at,
    kept: new Map(),
    copied: [],
    network: true,
    origin: 'https://calls.example',
    place: {
      path: () => new URL(page.at, page.origin).pathname,
      hash: () => new URL(page.at, page.origin).hash,
      go: (url) => {
        page.at = url
      },
      onMove: (fn) => void moves.push(fn),
    },
    memory: {
      get: (k) => page.kept.get(k),
      set: (k, v) => void page.kept.set(k, v),
      remove: (k) => void page.kept.delete(k),
    },
    now: () => new Date('2026-03-01T12:00:00Z'),
    copy: (text) => Promise.resolve(void page.copied.push(text)),
    share: undefined,
    chime: () => Promise.resolve(),
    choosesSpeaker: true,
    online: () => page.network,
    onOnline: (fn) => void nets.push(fn),
    reload: () => undefined,
    columns: () => 3,
    onColumns: () => undefined,
    tellNetwork: (on) => {
      page.network = on
      for (const fn of nets) fn()
    },
    back: (to) => {
      page.at = to
      for (const fn of moves) fn()
    },
  }
  return page
}

/** FakeClient is all of it, as createApp wants it. */
export interface FakeClient extends Client {
  readonly link: FakeLink
  readonly fakeCalls: FakeCalls
  /** What devices() lists; plug tells that it has changed. */
  has: Devices
  plug: (has: Devices) => void
  readonly previews: FakePreview[]
  connected: boolean
}

export function fakeClient(api: Partial<Api> = {}): FakeClient {
  const link = new FakeLink()
  const fakeCalls = new FakeCalls()
  const previews: FakePreview[] = []
  const watchers = new Set<() => void>()
  const client: FakeClient = {
    api: fakeApi({
      me: () => Promise.resolve(anna),
      friends: () => Promise.resolve(nobody),
      notices: () => Promise.resolve([]),
      invites: () => Promise.resolve([]),
      ...api,
    }),
    signal: link as unknown as Link,
    calls: fakeCalls as unknown as Calls,
    link,
    fakeCalls,
    has: { microphones: [], cameras: [], speakers: [] },
    plug: (has) => {
      client.has = has
      for (const fn of [...watchers]) fn()
    },
    previews,
    devices: () => Promise.resolve(client.has),
    watchDevices: (fn) => {
      watchers.add(fn)
      return () => void watchers.delete(fn)
    },
    preview: () => {
      const preview = new FakePreview()
      previews.push(preview)
      return preview as unknown as Preview
    },
    connected: false,
    connect: () => {
      client.connected = true
      link.become('open')
      link.tell('fresh')
    },
    disconnect: () => {
      client.connected = false
      link.become('closed', 'left')
    },
  }
  return client
}

/** settle lets promises that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}
