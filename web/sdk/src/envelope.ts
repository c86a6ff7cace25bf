import { Malformed, matching, object, type Reader, text, whole } from './read.ts'
import { parseStrict } from './strict.ts'
import { fromBase64url, isId } from './text.ts'
import { type AccountId, type BootId, type CallId, clientKinds, type DeviceId, type FrameId, hubKinds, type Kind, passedKinds, wire } from './wire.gen.ts'

/** FrameErrorCode is what a hub would answer to such a frame. */
export type FrameErrorCode = 'bad_frame' | 'unknown_kind' | 'version' | 'too_large'

/** FrameError says why something is not a frame, or not one that we know. */
export class FrameError extends Error {
  override name = 'FrameError'
  readonly code: FrameErrorCode

  constructor(code: FrameErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export const accountId = matching<AccountId>(isId, 'an id')
export const frameId = matching<FrameId>(isId, 'an id')
export const bootId = matching<BootId>(isId, 'an id')
const callId = matching<CallId>(isId, 'an id')
export const deviceId = matching<DeviceId>(isId, 'an id')
export const address = object({}, { account: accountId, device: deviceId })

const sequence: Reader<number> = (v, path) => {
  const n = whole(v, path)
  if (n > 0xffff_ffff) throw new Malformed(`${path}: too large`)
  return n
}

const envelope = object(
  { v: whole, kind: text, body: text },
  { id: frameId, call: callId, from: address, to: address, seq: sequence },
)

/** OpenEnvelope is an envelope whose body is still closed. Its kind may be one that we don't know. */
export type OpenEnvelope = ReturnType<typeof envelope>

const known = new Set(['v', 'kind', 'id', 'call', 'from', 'to', 'seq', 'body'])
const maxUnknown = 16
const fromClients: ReadonlySet<string> = new Set(clientKinds)
const fromHubs: ReadonlySet<string> = new Set([...hubKinds, ...passedKinds])
const withoutCall: ReadonlySet<string> = new Set<Kind>(['hello', 'welcome', 'ok', 'error', 'presence', 'changed', 'bye'])

/**
 * readEnvelope reads a frame as the hub itself would, of a client or of a hub.
 * It throws FrameError.
 */
export function readEnvelope(data: unknown, sender: 'client' | 'hub' = 'hub'): OpenEnvelope {
  if (typeof data !== 'string') throw new FrameError('bad_frame', 'not text')
  if (data.length > wire.maxFrame) throw new FrameError('too_large', 'frame too large')
  try {
    return check(envelope(parse(data), 'frame'), sender)
  } catch (error) {
    if (error instanceof Malformed) throw new FrameError('bad_frame', error.message)
    throw error
  }
}

function parse(data: string): unknown {
  const unknown = new Set<string>()
  return parseStrict(data, (key, raw) => {
    if (!known.has(key)) {
      unknown.add(key)
      if (unknown.size > maxUnknown) throw new Malformed('too many unknown fields')
    } else if (raw.includes('\\')) throw new Malformed(`${key}: escaped`)
    else if ((key === 'v' || key === 'seq') && !/^\d+$/.test(raw)) throw new Malformed(`${key}: not a whole number`)
  })
}

function check(e: OpenEnvelope, sender: 'client' | 'hub'): OpenEnvelope {
  if (sender === 'client' && (e.from !== undefined || e.seq !== undefined)) throw new Malformed('set by the hub alone')
  if (e.v < wire.minVersion || e.v > wire.maxVersion) throw new FrameError('version', 'a version that is not spoken here')
  if (e.body.length > wire.maxBody) throw new FrameError('too_large', 'body too large')
  if (fromBase64url(e.body) === undefined) throw new Malformed('body: not base64url')
  const isClients = fromClients.has(e.kind)
  const isHubs = fromHubs.has(e.kind)
  if (sender === 'client' && !isClients) {
    throw isHubs ? new Malformed('kind: of the hub alone') : new FrameError('unknown_kind', 'a kind that is not known here')
  }
  if ((isClients || isHubs) && !withoutCall.has(e.kind) && e.call === undefined) throw new Malformed('call: missing')
  return e
}
