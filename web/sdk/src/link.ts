import { relayIn, withoutCandidates } from './candidates.ts'
import { Emitter } from './emitter.ts'
import { type Environment } from './environment.ts'
import { otherRole, type Role, roleOf, withRole } from './role.ts'
import { type Tuning, tunePicture, tuneSound, wholePicture } from './uplink.ts'
import { type Candidate, type Candidates, type Description, type ICEServer } from './wire.gen.ts'

/** LinkState is how the media of two devices are connected. */
export type LinkState = 'new' | 'connected' | 'disconnected' | 'failed'

interface LinkEvents extends Record<string, readonly unknown[]> {
  readonly state: readonly [state: LinkState]
  readonly candidates: readonly [candidates: Candidates]
  readonly description: readonly [description: Description]
  /** What is received has changed. */
  readonly media: readonly []
}

/** LinkOptions says which side this is, and which ways it may take. */
export interface LinkOptions {
  /** Gives way when both make an offer at once: the callee does. */
  readonly polite: boolean
  /** Only through the relay, which hides this device's addresses. */
  readonly relayOnly: boolean
  /** Only relays of one transport; both where it is left out. */
  readonly turn?: 'udp' | 'tcp' | undefined
}

const repeatAfter = 4000
const maxHeld = 256

/**
 * PeerLink connects the media of two devices. Descriptions and candidates go
 * through whoever holds it. Nothing but the first offer or answer leaves it
 * before `establish`: until the other side has accepted, candidates stay here.
 */
export class PeerLink extends Emitter<LinkEvents> {
  readonly #env: Environment
  readonly #options: LinkOptions
  #peer: RTCPeerConnection
  #outStream: MediaStream
  readonly #tracks = new Map<'audio' | 'video', MediaStreamTrack | null>()
  #remoteStream: MediaStream
  #queue: Promise<unknown> = Promise.resolve()
  #state: LinkState = 'new'
  #hushed = false
  #replacing = false
  #established = false
  #closed = false
  #offered: Description | undefined
  #prepared: Description | undefined
  /** Local candidates since the last local description, and how many of them were told. */
  #found: Candidate[] = []
  #foundEnd = false
  #told = 0
  #toldEnd = false
  #flush: ReturnType<typeof setTimeout> | undefined
  #repeat: ReturnType<typeof setTimeout> | undefined
  /** Remote candidates that came before the description they belong to, or before this side accepted. */
  #early: (Candidate | undefined)[] = []
  #relays = new Set<string>()
  #lastOffer: string | undefined
  #role: Role | undefined

  constructor(env: Environment, options: LinkOptions) {
    super()
    this.#env = env
    this.#options = options
    this.#outStream = env.createStream()
    this.#remoteStream = env.createStream()
    this.#peer = env.createPeer(this.#configuration([]))
    this.#hear()
  }

  get state(): LinkState {
    return this.#state
  }

  /** The other side's sound and picture; another object whenever its tracks change. */
  get remoteStream(): MediaStream {
    return this.#remoteStream
  }

  getStats(): Promise<RTCStatsReport> {
    return this.#peer.getStats()
  }

  /** Where the other side's relays are, as far as it told. */
  get relays(): ReadonlySet<string> {
    return this.#relays
  }

  /**
   * offer makes the first offer. Gathering begins only with `begin`, because
   * the servers are not known yet.
   */
  offer(): Promise<Description> {
    return this.#enqueue(async () => {
      await this.#addBoth()
      const { sdp = '' } = await this.#peer.createOffer()
      this.#offered = { type: 'offer', sdp }
      return this.#offered
    })
  }

  /** begin starts gathering for the first offer. */
  begin(servers: readonly ICEServer[]): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#offered === undefined || this.#peer.signalingState !== 'stable') return
      this.#peer.setConfiguration(this.#configuration(servers))
      await this.#peer.setLocalDescription(this.#offered)
    })
  }

  /**
   * prepare makes the answer to the offer of an incoming call, where it came
   * with one. It counts only with `settle`: a browser that has offer and answer
   * begins to look for a way, and Firefox gives up for good where none comes
   * within five seconds, as long as it rings.
   */
  prepare(servers: readonly ICEServer[], offer?: Description): Promise<Description | undefined> {
    return this.#enqueue(async () => {
      this.#peer.setConfiguration(this.#configuration(servers))
      if (offer === undefined) return undefined
      await this.#takeOffer(offer)
      const { sdp = '' } = await this.#peer.createAnswer()
      this.#prepared = { type: 'answer', sdp }
      return this.#prepared
    })
  }

  /** settle makes the prepared answer count, and starts gathering: this side accepts. */
  settle(): Promise<void> {
    return this.#enqueue(() => this.#settle())
  }

  /** establish lets candidates and descriptions out: the other side has accepted. */
  establish(answer?: Description): Promise<void> {
    return this.#enqueue(async () => {
      this.#established = true
      if (answer !== undefined) await this.#takeAnswer(answer)
      else await this.#settle()
      if (this.#peer.remoteDescription !== null) await this.#takeEarly()
      this.#scheduleFlush()
    })
  }

  /**
   * adopt goes on with the connection of another link, with this side's tracks
   * and in the ways that this link may take; what it had itself is dropped.
   */
  adopt(other: PeerLink, servers: readonly ICEServer[]): Promise<void> {
    return this.#enqueue(async () => {
      const own = this.#peer
      this.#peer = other.#peer
      await this.#putTracks().finally(() => { // before all else: somebody waits for the picture
        setTimeout(() => drop(own), 0) // some browsers take their time over it
      })
      this.#hear()
      other.#leave()
      this.#outStream = other.#outStream
      this.#remoteStream = other.#remoteStream
      this.#found = other.#found
      this.#foundEnd = other.#foundEnd
      this.#relays = other.#relays
      this.#lastOffer = other.#lastOffer
      this.#role = other.#role
      this.#offered = this.#prepared = undefined
      this.#early = []
      this.#established = true
      this.#peer.setConfiguration(this.#configuration(servers))
      this.#stateChanged()
      this.emit('media')
    })
  }

  /** anew connects with another device in the place of the one so far, as soon as there are servers; one of the two offers. */
  anew(servers: Promise<readonly ICEServer[]>, offers: boolean): Promise<void> {
    this.#replacing = true // what becomes of the old one counts for nothing
    this.#state = 'new'
    return this.#enqueue(async () => {
      const configuration = this.#configuration(await servers)
      if (this.#closed) return
      drop(this.#peer)
      this.#peer = this.#env.createPeer(configuration)
      clearTimeout(this.#repeat)
      this.#forget()
      this.#early = []
      this.#relays = new Set()
      this.#lastOffer = this.#role = this.#offered = this.#prepared = undefined
      this.#remoteStream = this.#env.createStream()
      this.#hushed = this.#replacing = false
      this.#established = true
      this.#hear()
      if (offers) await this.#addBoth()
      this.emit('media')
    })
  }

  /** takeDescription acts on a description of the other side. */
  takeDescription(description: Description): Promise<void> {
    return this.#enqueue(async () => {
      if (description.type === 'answer') return this.#takeAnswer(description)
      if (description.type !== 'offer') return
      if (description.sdp === this.#lastOffer && this.#peer.signalingState === 'stable') {
        this.#tell() // our answer was lost
        return
      }
      if (!this.#options.polite && this.#peer.signalingState !== 'stable') return // ours goes first
      await this.#takeOffer(description)
      await this.#answer()
      this.#tell()
    })
  }

  /** takeCandidates hands candidates of the other side on. */
  takeCandidates({ candidates, end }: Candidates): Promise<void> {
    return this.#enqueue(async () => {
      for (const c of [...candidates, ...(end === true ? [undefined] : [])]) {
        if (this.#established && this.#peer.remoteDescription !== null) await this.#add(c)
        else if (this.#early.length < maxHeld) this.#early.push(c)
      }
    })
  }

  /** use gives the next search for a way fresh servers, whoever begins it. */
  use(servers: readonly ICEServer[]): void {
    if (!this.#closed) this.#peer.setConfiguration(this.#configuration(servers))
  }

  /** Whether the last search found no end of a way here: with relays alone, none could be reached. */
  get barren(): boolean {
    return this.#foundEnd && this.#found.length === 0
  }

  /** restart looks for a way again. The media go on meanwhile. */
  restart(): void {
    if (!this.#closed) this.#peer.restartIce()
  }

  /** repeat tells again what may have been lost with a connection to the hub. */
  repeat(): void {
    if (!this.#established || this.#closed) return
    if (this.#peer.signalingState === 'have-local-offer') this.#tell()
    this.#told = 0
    this.#toldEnd = false
    this.#scheduleFlush()
  }

  /** send puts a track in the place of the one that is sent; null sends nothing. */
  send(kind: 'audio' | 'video', track: MediaStreamTrack | null): Promise<void> {
    this.#tracks.set(kind, track)
    return this.#enqueue(() => this.#putTracks(kind))
  }

  /** tune tells what is sent how much it may use. */
  tune(tuning: Tuning): Promise<void> {
    return this.#enqueue(async () => {
      for (const { sender, receiver } of this.#peer.getTransceivers()) {
        // A browser that takes no such wishes goes on as it is.
        await (receiver.track.kind === 'video' ? tunePicture : tuneSound)(sender, tuning).catch(() => undefined)
      }
    })
  }

  /**
   * redraw sends the next picture whole. After a gap the other side may wait
   * for one, and asks for it every three seconds: by the way of before, at first.
   */
  redraw(): Promise<void> {
    return this.#enqueue(async () => {
      for (const { sender, receiver } of this.#peer.getTransceivers()) if (receiver.track.kind === 'video') await wholePicture(sender).catch(() => undefined)
    })
  }

  /** hush says that nothing comes in any more where the browser still believes in the way, and that something does again. */
  hush(hushed: boolean): void {
    if (hushed === this.#hushed) return
    this.#hushed = hushed
    this.#stateChanged()
  }

  close(): void {
    this.#leave()
    drop(this.#peer)
  }

  async #addBoth(): Promise<void> {
    for (const kind of ['audio', 'video'] as const) {
      const { sender } = this.#peer.addTransceiver(kind, { direction: 'sendrecv', streams: [this.#outStream] })
      await sender.replaceTrack(this.#tracks.get(kind) ?? null)
    }
  }

  #hear(): void {
    this.#peer.onicecandidate = ({ candidate }) => this.#gathered(candidate)
    this.#peer.onconnectionstatechange = this.#peer.oniceconnectionstatechange = () => this.#stateChanged()
    this.#peer.onnegotiationneeded = () => this.#negotiate()
    this.#peer.ontrack = ({ track }) => this.#received(track)
  }

  #leave(): void {
    this.#closed = true
    clearTimeout(this.#flush)
    clearTimeout(this.#repeat)
  }

  /** Puts this side's tracks where they belong, all or those of one kind. */
  async #putTracks(only?: 'audio' | 'video'): Promise<void> {
    const put = this.#peer.getTransceivers().map(async ({ sender, receiver }) => {
      const { kind } = receiver.track
      if ((kind !== 'audio' && kind !== 'video') || (only !== undefined && kind !== only)) return
      const track = this.#tracks.get(kind) ?? null
      if (only !== undefined || sender.track !== track) await sender.replaceTrack(track)
    })
    await Promise.all(put)
  }

  /** Runs one step after the other: no description is set while another is being made. */
  #enqueue<T>(step: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(() => {
      if (this.#closed) throw new LinkClosed()
      return step()
    })
    this.#queue = run.catch(() => undefined)
    return run
  }

  #configuration(servers: readonly ICEServer[]): RTCConfiguration {
    return {
      iceServers: pick(servers, this.#options.turn),
      iceTransportPolicy: this.#options.relayOnly ? 'relay' : 'all',
      bundlePolicy: 'max-bundle',
      rtcpMuxPolicy: 'require',
    }
  }

  async #settle(): Promise<void> {
    if (this.#prepared === undefined || this.#peer.signalingState !== 'have-remote-offer') return
    this.#role ??= roleOf(this.#prepared.sdp)
    await this.#peer.setLocalDescription(this.#prepared)
  }

  async #takeOffer(offer: Description): Promise<void> {
    const { sdp, candidates } = this.#established ? { sdp: offer.sdp, candidates: [] } : withoutCandidates(offer.sdp)
    this.#early.unshift(...candidates.slice(0, maxHeld))
    await this.#peer.setRemoteDescription({ type: 'offer', sdp }) // rolls our own back, where there is one
    this.#lastOffer = offer.sdp
    for (const t of this.#peer.getTransceivers()) {
      if (t.direction === 'recvonly') t.direction = 'sendrecv'
      const { kind } = t.receiver.track
      if (kind !== 'audio' && kind !== 'video') continue
      t.sender.setStreams(this.#outStream)
      const track = this.#tracks.get(kind) ?? null
      if (t.sender.track !== track) await t.sender.replaceTrack(track)
    }
    await this.#takeEarly()
  }

  async #takeAnswer(answer: Description): Promise<void> {
    if (this.#peer.signalingState !== 'have-local-offer') return // told twice
    const { sdp } = answer
    this.#role ??= otherRole(sdp)
    await this.#peer.setRemoteDescription({ type: 'answer', sdp: withRole(sdp, this.#role) })
    clearTimeout(this.#repeat)
    await this.#takeEarly()
  }

  async #answer(): Promise<Description> {
    const { sdp = '' } = await this.#peer.createAnswer()
    this.#forget()
    this.#role ??= roleOf(sdp)
    await this.#peer.setLocalDescription({ type: 'answer', sdp })
    return { type: 'answer', sdp }
  }

  async #takeEarly(): Promise<void> {
    if (!this.#established) return // checking an address tells it ours
    const held = this.#early
    this.#early = []
    for (const c of held) await this.#add(c)
  }

  async #add(candidate: Candidate | undefined): Promise<void> {
    const relay = candidate && relayIn(candidate)
    if (relay !== undefined && this.#relays.size < maxHeld) this.#relays.add(relay)
    try {
      await this.#peer.addIceCandidate(candidate)
    } catch {
      // Of an offer that we ignored, of a generation that is over, or of no
      // use to this browser: others may do, and where none does the call fails.
    }
  }

  #negotiate(): void {
    if (!this.#established) return // the first offer and answer are made by hand
    void this.#enqueue(async () => {
      if (this.#peer.signalingState !== 'stable') return // it is told again once it is
      this.#forget()
      await this.#peer.setLocalDescription()
      this.#tell()
    }).catch(() => undefined)
  }

  /** Tells the present local description, and again while an offer has no answer. */
  #tell(): void {
    const local = this.#peer.localDescription
    if (local === null || this.#closed || (local.type !== 'offer' && local.type !== 'answer')) return
    clearTimeout(this.#repeat)
    if (local.type === 'offer') {
      this.#repeat = setTimeout(() => {
        if (this.#peer.signalingState === 'have-local-offer') this.repeat()
      }, repeatAfter)
    }
    this.emit('description', { type: local.type, sdp: local.sdp })
  }

  #forget(): void {
    this.#found = []
    this.#foundEnd = this.#toldEnd = false
    this.#told = 0
  }

  #gathered(candidate: RTCIceCandidate | null): void {
    if (candidate === null) this.#foundEnd = true
    else if (candidate.candidate !== '') this.#found.push(spell(candidate))
    if (this.#established) this.#scheduleFlush()
  }

  /** Candidates that are found in one turn go in one frame. */
  #scheduleFlush(): void {
    this.#flush ??= setTimeout(() => {
      this.#flush = undefined
      const candidates = this.#found.slice(this.#told)
      const end = this.#foundEnd && !this.#toldEnd
      if (candidates.length === 0 && !end) return
      this.#told = this.#found.length
      this.#toldEnd = this.#foundEnd
      this.emit('candidates', { candidates, ...(end ? { end } : {}) })
    }, 0)
  }

  #received(track: MediaStreamTrack): void {
    const tracks = this.#remoteStream.getTracks().filter((t) => t.kind !== track.kind)
    this.#remoteStream = this.#env.createStream()
    for (const t of [...tracks, track]) this.#remoteStream.addTrack(t)
    this.emit('media')
  }

  #stateChanged(): void {
    const told = stateOf(this.#peer)
    const state = told === 'connected' && this.#hushed ? 'disconnected' : told
    if (state === this.#state || state === undefined || this.#replacing) return
    this.#state = state
    this.emit('state', state)
  }
}

function drop(p: RTCPeerConnection): void {
  p.onicecandidate = p.onconnectionstatechange = p.oniceconnectionstatechange = p.onnegotiationneeded = p.ontrack = null
  p.close()
}

/** LinkClosed is what steps end with that a closed link had not begun. */
export class LinkClosed extends Error {
  override name = 'LinkClosed'
}

/** ICE notices first that a way is lost; only the whole connection tells that media can flow. */
function stateOf(peer: RTCPeerConnection): LinkState | undefined {
  const { connectionState, iceConnectionState } = peer
  if (connectionState === 'failed' || iceConnectionState === 'failed') return 'failed'
  if (connectionState === 'disconnected' || iceConnectionState === 'disconnected') return 'disconnected'
  return connectionState === 'connected' ? 'connected' : undefined
}

function spell(c: RTCIceCandidate): Candidate {
  return {
    candidate: c.candidate,
    sdpMLineIndex: c.sdpMLineIndex ?? 0,
    ...(c.sdpMid === null ? {} : { sdpMid: c.sdpMid }),
    ...(c.usernameFragment === null ? {} : { usernameFragment: c.usernameFragment }),
  }
}

/** pick keeps the servers of one transport, where one is asked for. */
export function pick(servers: readonly ICEServer[], turn: 'udp' | 'tcp' | undefined): RTCIceServer[] {
  const fits = (url: string): boolean => {
    if (turn === undefined || url.startsWith('stun')) return true
    const transport = /[?&]transport=([a-z]+)/.exec(url)?.[1] ?? (url.startsWith('turns:') ? 'tcp' : 'udp')
    return transport === turn
  }
  return servers
    .map((s) => ({ ...s, urls: s.urls.filter(fits) }))
    .filter((s) => s.urls.length > 0)
}
