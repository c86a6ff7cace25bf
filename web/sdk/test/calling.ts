// A client whose hub and devices are in the hands of a test, and the steps that
// every call takes.

import { type Call } from '../src/call.ts'
import { Calls } from '../src/calls.ts'
import { SignalSocket } from '../src/socket.ts'
import { openJSON, sealJSON } from '../src/text.ts'
import { type CallId, type Description, type Media, type Reason } from '../src/wire.gen.ts'
import { berta, device, settle, world, type World } from './fakes.ts'

export const servers = [{ urls: ['turn:r.example:3478?transport=udp', 'turn:r.example:3478?transport=tcp'], username: 'u', credential: 'c' }]
export const fresh = [{ urls: ['turn:r.example:3478?transport=udp'], username: 'fresh', credential: 'c' }]
export const other = { account: berta, device }
export const incomingCall = 'callaaaaaaaaaaaaaaaaaaaaae'

/** Phone is one client under test. */
export interface Phone extends World {
  readonly signal: SignalSocket
  readonly calls: Calls
}

/** phone makes a client whose session is open. */
export function phone(w: World = world()): Phone {
  const signal = new SignalSocket(w.env)
  const calls = new Calls(w.env, signal)
  signal.connect()
  w.hub.welcome()
  return { ...w, signal, calls }
}

/** rings starts a call up to the hub's `calling`. */
export async function rings(p: Phone, video = true): Promise<Call> {
  const call = p.calls.start(berta, { video })
  await settle()
  p.hub.send({ kind: 'calling', call: call.id, body: { servers, ring_seconds: 45 } })
  await settle()
  return call
}

/** answered lets a device of the other side take the call. */
export async function answered(p: Phone, call: Call, media: Media = 'video'): Promise<void> {
  const sealed = call.direction === 'outgoing' ? { sealed: sealJSON({ type: 'answer', sdp: 'their answer' }) } : {}
  p.hub.send({ kind: 'answered', call: call.id, body: { media, peer: other, ...sealed } })
  await settle()
}

/** talks starts a call up to flowing media. */
export async function talks(p: Phone, video = true): Promise<Call> {
  const call = await rings(p, video)
  await answered(p, call)
  p.peer().become('connected')
  await settle()
  return call
}

/** comesIn lets somebody call. */
export async function comesIn(p: Phone, options: { id?: CallId; from?: string; media?: Media; sealed?: string; early?: boolean } = {}): Promise<void> {
  const sealed = options.sealed ?? sealJSON({ type: 'offer', sdp: 'their offer' })
  p.hub.send({
    kind: 'incoming',
    call: options.id ?? incomingCall,
    from: { account: options.from ?? berta, device },
    body: { media: options.media ?? 'video', sealed, servers, ring_seconds: 45, ...(options.early === true ? { early: true } : {}) },
  })
  await settle()
}

export async function ends(p: Phone, id: CallId, reason: Reason): Promise<void> {
  p.hub.send({ kind: 'ended', call: id, body: { reason } })
  await settle()
}

export const unsealed = (sealed: string | undefined): Description => openJSON(sealed ?? '') as Description
