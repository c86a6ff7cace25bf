// Opening an envelope: the page's checks, in their order. Nothing is changed
// here; what must happen in one transaction is State's, or the caller's.

import { type Bytes, ds, isZero, Reader, same } from './bytes.ts'
import {
  asKind, bucketFor, convOf, envelopeInfo, exporterOf, type Inner, isOwn, type Kind, kinds, maxBody, oSize, type Outer, readInner, takesType, transcript,
  ttlOf, wireHash, wireMin,
} from './envelope.ts'
import { openWith, tagSize } from './hpke.ts'
import { type Acct, asDev, asHash, asID, type Dev, type Hash, type ID } from './identity.ts'
import { encSize, type Seed } from './kem.ts'
import { sigSize, verify } from './keys.ts'
import { type Device, type Log } from './log.ts'
import { graceAfter, type LastKnown, maxAhead } from './prekey.ts'
import { type Reason, Refusal, refuse } from './reason.ts'
import { asSecret, type Secret } from './secret.ts'

/** keySorts say what a KEM key of this device is for: a prekey opens rings and own-sync, the key of a ring its answer, the key of linking what follows it. */
export const keySorts = { prekey: 1, ring: 2, link: 3 } as const

/** KeySort is one of them. */
export type KeySort = (typeof keySorts)[keyof typeof keySorts]

const sortOf = (k: Kind): KeySort => ({ 1: keySorts.prekey, 2: keySorts.ring, 3: keySorts.prekey, 4: keySorts.link })[k]

/** Key is a KEM key of this device, as it is kept. */
export interface Key {
  readonly sort: KeySort
  /** oneTime says that it is gone with what it opens. */
  readonly oneTime: boolean
  /** seed is undefined once it is gone. */
  readonly seed: Seed | undefined
  /** used says that it opened something, and the seed is gone. */
  readonly used: boolean
  /** notAfter is of a ring's key 60 s after the ring. */
  readonly notAfter: number
  /** ringTo is of a ring's key the device that was rung. */
  readonly ringTo: Dev | undefined
}

/** Seen is what the replay cache has of an envelope's id: whose hash is there, and whether one more of this device would fit. */
export interface Seen {
  readonly hash: Hash | undefined
  readonly room: boolean
}

/** Awaitable is a value that may take a while. */
export type Awaitable<T> = T | Promise<T>

/** Own is what a device opens by. sender and key are asked with what a hub chose; they must be bounded. */
export interface Own {
  readonly log: Log
  readonly dev: Dev
  /** sender returns the log of the pin with state friend that knows the device. Own devices are looked for in log. */
  readonly sender: (dev: Dev) => Awaitable<Log | undefined>
  /** key returns the own KEM key of that name. */
  readonly key: (pkid: Hash) => Awaitable<Key | undefined>
  /** seen looks into the replay cache. */
  readonly seen: (dev: Dev, env: ID) => Awaitable<Seen>
}

/** Opened is an envelope that passed all checks up to the heads. The caller now does the page's one transaction, and only then looks at late and body. */
export interface Opened {
  readonly kind: Kind
  readonly ctype: number
  readonly acct: Acct
  readonly fromDev: Dev
  readonly pkid: Hash
  readonly env: ID
  readonly msg: ID
  readonly sent: number
  /** hash is the wireHash. */
  readonly hash: Hash
  /** last is what the sending device told of its newest last-resort key. */
  readonly last: LastKnown
  readonly body: Bytes
  /** secret is K1 of a ring, K2 of an answer. */
  readonly secret: Secret | undefined
  /** late is there where it came too late; of a ring also where it is from more than five minutes ahead. */
  readonly late: Reason | undefined
  /** ringTo is the device that the ring of an answer went to. */
  readonly ringTo: Dev | undefined
}

/** openEnvelope does the page's checks on an envelope, in their order, without changing anything. */
export async function openEnvelope(own: Own, from: Uint8Array, now: number): Promise<Opened> {
  const wire = from.slice()
  const { o, enc, ct } = readWire(wire)
  const { log: sender, device } = await senderOf(own, o)
  const hash = await wireHash(wire)
  await checkSeen(own, o, hash)
  const key = await keyFor(own, o, now)
  const { pt, secret } = await decrypt(own, o, key, enc, wire.subarray(0, oSize), ct)
  const x = readPlain(o.kind, pt)
  await checkInner(x.inner, own, o, sender)
  if (!(await verify(device.key, await transcript(wire.subarray(0, oSize), enc, x.raw, x.salt, x.body), x.sig))) refuse('signature')
  if (!own.log.contains(x.inner.headTo)) refuse('head_to')
  if (!sender.contains(x.inner.headFrom)) refuse('head_from')
  return {
    kind: o.kind, ctype: x.inner.ctype, acct: x.inner.from, fromDev: o.fromDev, pkid: o.pkid, env: o.env, msg: x.inner.msg, sent: x.inner.sent,
    hash, last: x.inner.last, body: x.body, secret, late: lateness(o.kind, x.inner.sent, x.inner.ttl, now), ringTo: key.ringTo,
  }
}

/** readWire is row 1. */
function readWire(wire: Bytes): { readonly o: Outer; readonly enc: Bytes; readonly ct: Bytes } {
  if (wire.length < wireMin) refuse('malformed')
  const r = new Reader(wire)
  if (r.u8() !== 1) refuse('version')
  const kind = asKind(r.u8()) ?? refuse('kind')
  if (r.u8() !== 0) refuse('flags')
  const o = { kind, fromDev: r.fixed(asDev), toDev: r.fixed(asDev), pkid: r.fixed(asHash), env: r.fixed(asID) }
  const enc = r.take(encSize)
  const ct = r.v32(r.left)
  if (!r.done) refuse('malformed')
  const n = ct.length - tagSize
  if (n <= 0 || bucketFor(kind, n) !== n) refuse('bucket')
  return { o, enc, ct }
}

/** senderOf is rows 2 and 3: whose device sent it, by the pins of this device. */
async function senderOf(own: Own, o: Outer): Promise<{ readonly log: Log; readonly device: Device }> {
  if (!same(o.toDev, own.dev)) refuse('not_for_me')
  if (same(o.fromDev, own.dev)) refuse('own_echo')
  const mine = own.log.device(o.fromDev) !== undefined
  const log = mine ? own.log : await own.sender(o.fromDev)
  const device = log?.device(o.fromDev)
  if (log === undefined || device === undefined) return refuse('sender_unknown')
  if (isOwn(o.kind) !== mine) refuse('kind_rule')
  if (!device.active) refuse('device_revoked')
  return { log, device }
}

/** checkSeen is row 4. */
async function checkSeen(own: Own, o: Outer, hash: Hash): Promise<void> {
  const before = await own.seen(o.fromDev, o.env)
  if (before.hash !== undefined) refuse(same(before.hash, hash) ? 'replay' : 'conflict')
  if (!before.room) refuse('replay_full')
}

/** keyFor is row 5. */
async function keyFor(own: Own, o: Outer, now: number): Promise<Key> {
  const k = await own.key(o.pkid)
  if (k?.sort !== sortOf(o.kind)) return refuse('prekey_unknown')
  if (k.used) refuse(k.sort === keySorts.ring ? 'answer_twice' : 'prekey_used')
  if (now > k.notAfter + (k.sort === keySorts.prekey ? graceAfter : 0)) refuse('prekey_expired')
  if (k.sort === keySorts.ring && (k.ringTo === undefined || !same(k.ringTo, o.fromDev))) refuse('answer_device')
  return k
}

/** decrypt is row 6. What fails fails as one thing. */
async function decrypt(
  own: Own, o: Outer, key: Key, enc: Bytes, aad: Bytes, ct: Bytes,
): Promise<{ readonly pt: Bytes; readonly secret: Secret | undefined }> {
  try {
    const context = await openWith(key.seed ?? refuse('open'), enc, envelopeInfo(own.log.acct, own.dev, o.pkid))
    const pt = await context.open(aad, ct)
    const label = exporterOf(o.kind)
    return { pt, secret: label === undefined ? undefined : asSecret(await context.export(ds(label))) }
  } catch (e) {
    if (e instanceof Refusal) refuse('open')
    throw e
  }
}

/** Plain is what stands in pt. */
interface Plain {
  readonly inner: Inner
  readonly raw: Bytes // P
  readonly body: Bytes
  readonly salt: Bytes
  readonly sig: Bytes
}

/** readPlain is row 7. */
export function readPlain(kind: Kind, pt: Bytes): Plain {
  const r = new Reader(pt)
  const raw = r.v16()
  const body = r.v32(maxBody)
  const salt = r.take(32)
  const sig = r.take(sigSize)
  if (r.isBad()) refuse('malformed')
  const inner = readInner(raw)
  if (bucketFor(kind, r.at) !== pt.length) refuse('bucket')
  if (!isZero(r.rest)) refuse('padding')
  return { inner, raw, body, salt, sig }
}

/** checkInner is row 8. */
async function checkInner(p: Inner, own: Own, o: Outer, sender: Log): Promise<void> {
  if (!same(p.from, sender.acct)) refuse('sender')
  if (!same(p.to, own.log.acct)) refuse('recipient')
  if (!same(p.conv, await convOf(o.kind, p.from, p.to))) refuse('conversation')
  if (!isZero(p.gs) || !takesType(o.kind, p.ctype) || p.ttl !== ttlOf(o.kind)) refuse('kind_rule')
}

/** lateness is row 12. */
function lateness(k: Kind, sent: number, ttl: number, now: number): Reason | undefined {
  const past = sent + ttl * 1000 < now
  if (k === kinds.ring) return past || sent > now + maxAhead ? 'ring_old' : undefined
  return past ? 'expired' : undefined
}
