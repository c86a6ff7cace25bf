// A stand-in for RTCPeerConnection: signaling states, transceivers and events
// as in W3C WebRTC 1.0, and no network.

import { type FakeTrack } from './fakes.ts'

interface FakeSender {
  track: MediaStreamTrack | null
  replaced: (MediaStreamTrack | null)[]
  streams: readonly MediaStream[]
  parameters: { encodings: RTCRtpEncodingParameters[]; degradationPreference?: string }
  replaceTrack(track: MediaStreamTrack | null): Promise<void>
  getParameters(): FakeSender['parameters']
  setParameters(parameters: FakeSender['parameters']): Promise<void>
  setStreams(...streams: MediaStream[]): void
}

interface FakeTransceiver {
  direction: RTCRtpTransceiverDirection
  readonly receiver: { readonly track: { readonly kind: string } }
  readonly sender: FakeSender
}

let made = 0

export class FakePeer {
  configuration: RTCConfiguration
  signalingState: RTCSignalingState = 'stable'
  connectionState: RTCPeerConnectionState = 'new'
  iceConnectionState: RTCIceConnectionState = 'new'
  localDescription: RTCSessionDescriptionInit | null = null
  remoteDescription: RTCSessionDescriptionInit | null = null
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null
  onconnectionstatechange: (() => void) | null = null
  oniceconnectionstatechange: (() => void) | null = null
  onnegotiationneeded: (() => void) | null = null
  ontrack: ((event: { track: FakeTrack }) => void) | null = null
  readonly transceivers: FakeTransceiver[] = []
  readonly candidates: unknown[] = []
  readonly log: string[] = []
  restarts = 0
  closed = false
  stats: Record<string, unknown>[] = []
  fail: Partial<Record<'createOffer' | 'setRemoteDescription' | 'addIceCandidate', Error>> = {}
  #needed = false

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration
  }

  setConfiguration(configuration: RTCConfiguration): void {
    if (this.closed) throw new Error('InvalidStateError')
    this.configuration = configuration
  }

  addTransceiver(kind: 'audio' | 'video', init: RTCRtpTransceiverInit): FakeTransceiver {
    const t = transceiver(kind, init.direction ?? 'sendrecv')
    t.sender.streams = init.streams ?? []
    this.transceivers.push(t)
    this.#negotiate()
    return t
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers
  }

  createOffer(): Promise<RTCSessionDescriptionInit> {
    if (this.fail.createOffer !== undefined) return Promise.reject(this.fail.createOffer)
    return Promise.resolve({ type: 'offer', sdp: `offer ${++made}` })
  }

  createAnswer(): Promise<RTCSessionDescriptionInit> {
    if (this.signalingState !== 'have-remote-offer') return Promise.reject(new Error('InvalidStateError'))
    return Promise.resolve({ type: 'answer', sdp: `answer ${++made}` })
  }

  async setLocalDescription(given?: RTCSessionDescriptionInit): Promise<void> {
    const description = given ?? (this.signalingState === 'have-remote-offer' ? await this.createAnswer() : await this.createOffer())
    this.log.push(`local ${description.type}`)
    if (description.type === 'offer' && this.signalingState !== 'stable') throw new Error('InvalidStateError')
    this.signalingState = description.type === 'offer' ? 'have-local-offer' : 'stable'
    this.localDescription = description
    this.#needed = false
    await Promise.resolve()
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.log.push(`remote ${description.type}`)
    if (this.fail.setRemoteDescription !== undefined) throw this.fail.setRemoteDescription
    if (description.type === 'answer' && this.signalingState !== 'have-local-offer') throw new Error('InvalidStateError')
    if (description.type === 'offer' && this.signalingState === 'have-local-offer') {
      this.log.push('rollback')
      this.#needed = true
    }
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable'
    this.remoteDescription = description
    if (description.type === 'offer' && this.transceivers.length === 0) {
      this.transceivers.push(transceiver('audio', 'recvonly'), transceiver('video', 'recvonly'))
    }
    await Promise.resolve()
  }

  addIceCandidate(candidate?: unknown): Promise<void> {
    if (this.remoteDescription === null) return Promise.reject(new Error('InvalidStateError'))
    if (this.fail.addIceCandidate !== undefined) return Promise.reject(this.fail.addIceCandidate)
    this.candidates.push(candidate)
    return Promise.resolve()
  }

  restartIce(): void {
    this.restarts++
    this.#negotiate()
  }

  getStats(): Promise<Map<string, Record<string, unknown>>> {
    return Promise.resolve(new Map(this.stats.map((s) => [String(s['id']), s])))
  }

  close(): void {
    this.closed = true
  }

  /** finds a candidate, or the end of them. */
  gather(name: string | null): void {
    const candidate = name === null ? null : { candidate: name, sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'u' }
    this.onicecandidate?.({ candidate })
  }

  become(state: RTCPeerConnectionState, ice: RTCIceConnectionState = state === 'connecting' ? 'checking' : state): void {
    this.iceConnectionState = ice
    this.oniceconnectionstatechange?.()
    this.connectionState = state
    this.onconnectionstatechange?.()
  }

  relayed(packetsIn = 1): void {
    this.stats = [
      { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
      { id: 'p', type: 'candidate-pair', localCandidateId: 'l', remoteCandidateId: 'r', currentRoundTripTime: 0.05 },
      { id: 'l', type: 'local-candidate', candidateType: 'relay', relayProtocol: 'tcp', protocol: 'udp' },
      { id: 'r', type: 'remote-candidate', candidateType: 'host', protocol: 'udp' },
      { id: 'i', type: 'inbound-rtp', packetsReceived: packetsIn, packetsLost: 0, bytesReceived: 100, framesDecoded: 3 },
    ]
  }

  sends(kind: 'audio' | 'video'): MediaStreamTrack | null | undefined {
    return this.transceivers.find((t) => t.receiver.track.kind === kind)?.sender.track
  }

  #negotiate(): void {
    this.#needed = true
    queueMicrotask(() => {
      if (this.#needed && this.signalingState === 'stable' && !this.closed) this.onnegotiationneeded?.()
    })
  }
}

function transceiver(kind: 'audio' | 'video', direction: RTCRtpTransceiverDirection): FakeTransceiver {
  const sender: FakeSender = {
    track: null,
    replaced: [],
    streams: [],
    parameters: { encodings: [{}] },
    getParameters() {
      return structuredClone(this.parameters)
    },
    setParameters(parameters) {
      this.parameters = parameters
      return Promise.resolve()
    },
    replaceTrack(track) {
      this.track = track
      this.replaced.push(track)
      return Promise.resolve()
    },
    setStreams(...streams) {
      this.streams = streams
    },
  }
  return { direction, receiver: { track: { kind } }, sender }
}
