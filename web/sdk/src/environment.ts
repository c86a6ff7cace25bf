// What the SDK needs from where it runs. Browsers have all of it; tests and
// other programs hand in their own.

/** SocketLike is the part of WebSocket that is used. */
export interface SocketLike {
  readonly readyState: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string): void
  close(code?: number, reason?: string): void
}

/** MediaSource is the part of navigator.mediaDevices that is used. */
export type MediaSource = Pick<MediaDevices, 'getUserMedia' | 'enumerateDevices'> &
  Partial<Pick<MediaDevices, 'getDisplayMedia' | 'addEventListener' | 'removeEventListener'>>

/** NetworkEvent is what became of the machine's network. */
export type NetworkEvent = 'online' | 'offline' | 'change'

/** Environment is everything that reaches outside. */
export interface Environment {
  readonly fetch: typeof fetch
  readonly openSocket: (url: string, protocols: readonly string[]) => SocketLike
  readonly createPeer: (configuration: RTCConfiguration) => RTCPeerConnection
  /** Whether there is WebRTC at all; calls can't be had without it. */
  readonly webrtc?: boolean
  readonly createStream: () => MediaStream
  /** For mixing sounds; it may throw where there is none. */
  readonly createAudioContext: () => AudioContext
  /** Undefined where there is none: an insecure page, or no browser. */
  readonly media: MediaSource | undefined
  /** Whether the person has allowed the device already; false where that can't be told. */
  readonly allowed: (device: 'microphone' | 'camera') => Promise<boolean>
  /** Calls fn at each change of the network, until the function that it returns is called. */
  readonly watchNetwork: (fn: (event: NetworkEvent) => void) => () => void
  /** Calls fn when the page goes away for good. */
  readonly watchLeaving: (fn: () => void) => void
  /** Milliseconds since 1970, and a number from 0 to below 1. */
  readonly now: () => number
  readonly random: () => number
  /** The address of the page, where a base is not given. */
  readonly origin: string
}

function watchNetwork(fn: (event: NetworkEvent) => void): () => void {
  const heard: [EventTarget, string, () => void][] = []
  const listen = (target: Partial<EventTarget> | undefined, name: string, event: NetworkEvent): void => {
    if (!hears(target)) return
    const on = (): void => fn(event)
    target.addEventListener(name, on)
    heard.push([target, name, on])
  }
  listen(globalThis, 'online', 'online')
  listen(globalThis, 'offline', 'offline')
  listen((globalThis.navigator as { connection?: EventTarget } | undefined)?.connection, 'change', 'change')
  return () => {
    for (const [target, name, on] of heard) target.removeEventListener(name, on)
  }
}

function watchLeaving(fn: () => void): void {
  if (!hears(globalThis)) return
  globalThis.addEventListener('pagehide', (event) => {
    if (!(event as Partial<PageTransitionEvent>).persisted) fn()
  })
}

/** Programs that are no browser have no such events. */
function hears(target: Partial<EventTarget> | undefined): target is EventTarget {
  return typeof target?.addEventListener === 'function'
}

async function allowed(device: 'microphone' | 'camera'): Promise<boolean> {
  try {
    const status = await navigator.permissions.query({ name: device })
    return status.state === 'granted'
  } catch {
    return false // not every browser answers for these two
  }
}

/** browserEnvironment is what a page gives; parts that are named replace it. */
export function browserEnvironment(parts: Partial<Environment> = {}): Environment {
  return {
    fetch: (input, init) => globalThis.fetch(input, init),
    openSocket: (url, protocols) => new WebSocket(url, [...protocols]),
    createPeer: (configuration) => new RTCPeerConnection(configuration),
    webrtc: parts.createPeer !== undefined || 'RTCPeerConnection' in globalThis,
    createStream: () => new MediaStream(),
    createAudioContext: () => new AudioContext(),
    media: (globalThis.navigator as Partial<Navigator> | undefined)?.mediaDevices,
    allowed,
    watchNetwork,
    watchLeaving,
    now: () => Date.now(),
    random: () => Math.random(),
    origin: (globalThis.location as Partial<Location> | undefined)?.origin ?? '',
    ...parts,
  }
}
