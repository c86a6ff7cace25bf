// Frames: what is read from the hub is checked field by field at run time, what
// is sent is typed.

import { accountId, address, bootId, deviceId, FrameError, frameId, type OpenEnvelope } from './envelope.ts'
import { flag, list, Malformed, object, oneOf, oneOfOr, type Reader, record, text, whole } from './read.ts'
import { newId, openJSON, sealJSON } from './text.ts'
import {
  type Address,
  type BodyOf,
  type CallId,
  type ClientKind,
  errorCodes,
  type Frame,
  type FrameId,
  hubKinds,
  type HubKind,
  medias,
  passedKinds,
  type PassedKind,
  reasons,
  sdpTypes,
  topics,
  wire,
} from './wire.gen.ts'

/** Kinds that a hub sends or passes on. */
export type ReceivedKind = HubKind | PassedKind

/** Received is a frame from the hub, its body decoded and checked. */
export type Received<K extends ReceivedKind = ReceivedKind> = Frame<K>

const iceServer = object({ urls: list(text) }, { username: text, credential: text })
const servers = list(iceServer)
const nothing: Reader<Record<string, never>> = (v, path) => {
  record(v, path)
  return {}
}
const candidate = object({ candidate: text, sdpMLineIndex: whole }, { sdpMid: text, usernameFragment: text })

/** description reads a session description, as it stands in sealed and in description. */
export const description = object({ type: oneOf(sdpTypes), sdp: text })

const bodies: { readonly [K in ReceivedKind]: Reader<BodyOf[K]> } = {
  description,
  candidate: object({ candidates: list(candidate) }, { end: flag }),
  warm: object({ candidates: list(candidate) }, { type: oneOf(sdpTypes), sdp: text, end: flag }),
  media: object({ audio: flag, video: flag }, { screen: flag, held: flag }),
  welcome: object({ version: whole, self: address, resume: text, resumed: flag, received: whole, resume_seconds: whole }, { features: list(text), boot: bootId }),
  ok: object({ ref: frameId }),
  error: object(
    { code: oneOfOr(errorCodes, 'internal'), text },
    { ref: frameId, field: text, rule: text, limit: whole, retry_after: whole },
  ),
  calling: object({ servers, ring_seconds: whole }),
  incoming: object({ media: oneOf(medias), servers, ring_seconds: whole }, { sealed: text, early: flag }),
  progress: nothing,
  early: nothing,
  answered: object({ media: oneOf(medias), peer: address }, { sealed: text, early: flag, moved: flag }),
  away: object({ away: flag, seconds: whole }),
  ended: object({ reason: oneOfOr(reasons, 'hangup') }, { seconds: whole }),
  servers: object({ servers }),
  elsewhere: object({}, { over: flag, device: deviceId, peer: address, media: oneOf(medias), caller: flag, seconds: whole }),
  presence: object({ account: accountId, online: flag }),
  changed: object({ topic: oneOf(topics) }),
  bye: object({ reconnect: flag }),
}

const received: ReadonlySet<string> = new Set<ReceivedKind>([...hubKinds, ...passedKinds])
/** readBody opens the body of an envelope of the hub. It throws FrameError. */
export function readBody(envelope: OpenEnvelope): Received {
  const { kind } = envelope
  if (!received.has(kind)) throw new FrameError('unknown_kind', 'a kind that is not known here')
  const read: Reader<unknown> = bodies[kind as ReceivedKind]
  try {
    return { ...envelope, body: read(openJSON(envelope.body), kind) } as Received
  } catch (error) {
    if (error instanceof Malformed) throw new FrameError('bad_frame', error.message)
    throw error
  }
}

/** Outgoing is a frame before it is written. */
export interface Outgoing<K extends ClientKind = ClientKind> {
  readonly kind: K
  readonly body: BodyOf[K]
  readonly call?: CallId
  readonly to?: Address
  readonly id?: FrameId
}

/** writeFrame spells a frame; body stands last, as the hub wants it. */
export function writeFrame<K extends ClientKind>(frame: Outgoing<K>): { id: FrameId; data: string } {
  const id: FrameId = frame.id ?? newId()
  const head = {
    v: wire.maxVersion,
    kind: frame.kind,
    id,
    ...(frame.call === undefined ? {} : { call: frame.call }),
    ...(frame.to === undefined ? {} : { to: frame.to }),
  }
  return { id, data: JSON.stringify({ ...head, body: sealJSON(frame.body) }) }
}
