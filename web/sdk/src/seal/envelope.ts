// Envelopes: what one device seals for another.

import { type Bytes, compare, concat, ds, isNumber, mac, Reader, same, u16, u32, u64, u8, v16, v32 } from './bytes.ts'
import { sealTo, suite, tagSize } from './hpke.ts'
import {
  type Acct, asAcct, asHash, asID, type Dev, type Hash, hashOf, type Head, headBytes, type ID, noHash, plainHash, random32, randomID, readHead,
} from './identity.ts'
import { encSize, pkidOf } from './kem.ts'
import { author, type DeviceKey, signBy } from './keys.ts'
import { type Log } from './log.ts'
import { type LastKnown } from './prekey.ts'
import { refuse } from './reason.ts'
import { asSecret, type Secret } from './secret.ts'

const bucket0 = 512
const buckets = 8
const maxBucket = bucket0 << (buckets - 1)
const callBucket = 16384
const pSize = 270
const ptOver = 372

/** Lengths of parts of an envelope, in bytes: O, and the wire without and with a tag. */
export const oSize = 83
export const wireMin = oSize + encSize + 4
const wireOver = wireMin + tagSize

/** Lengths of an envelope at most, of a Body of own-sync and link at most, of one of ring and answer at most, and of their wire always. */
export const maxWire = wireOver + maxBucket
export const maxBody = maxBucket - ptOver
export const maxCallBody = callBucket - ptOver
export const ringWireSize = wireOver + callBucket

/** kinds say what an envelope is. */
export const kinds = { ring: 1, answer: 2, ownSync: 3, link: 4 } as const

/** Kind is one of them. */
export type Kind = (typeof kinds)[keyof typeof kinds]

/** syncTypes say what an own-sync holds. */
export const syncTypes = { pins: 1, settings: 2 } as const

/** asKind is undefined for a kind that is not listed. */
export const asKind = (v: number): Kind | undefined => Object.values(kinds).find((k) => k === v)

const isCall = (k: Kind): boolean => k === kinds.ring || k === kinds.answer

/** isOwn tells whether a kind goes between devices of one identity. */
export const isOwn = (k: Kind): boolean => !isCall(k)

/** ttlOf is a kind's ttl_s. */
export const ttlOf = (k: Kind): number => ({ 1: 60, 2: 60, 3: 2_592_000, 4: 300 })[k]

/** takesType tells whether a kind may have a ctype. */
export const takesType = (k: Kind, ctype: number): boolean =>
  k === kinds.ownSync ? ctype === syncTypes.pins || ctype === syncTypes.settings : ctype === 0

/** bucketFor returns the bucket that n bytes of pt go into, 0 where none does. */
export function bucketFor(k: Kind, n: number): number {
  if (isCall(k)) return n <= callBucket ? callBucket : 0
  for (let b = bucket0; b <= maxBucket; b *= 2) if (n <= b) return b
  return 0
}

/** convOf is the conversation of two identities, or of one with itself. */
export function convOf(k: Kind, from: Acct, to: Acct): Promise<Hash> {
  if (isOwn(k)) return hashOf('conv/own', from)
  return compare(to, from) < 0 ? hashOf('conv/1:1', to, from) : hashOf('conv/1:1', from, to)
}

/** Outer is O, what the hub sees. */
export interface Outer {
  readonly kind: Kind
  readonly fromDev: Dev
  readonly toDev: Dev
  readonly pkid: Hash
  readonly env: ID
}

/** outerBytes are the bytes of O. */
export const outerBytes = (o: Outer): Bytes => concat(u8(1), u8(o.kind), u8(0), o.fromDev, o.toDev, o.pkid, o.env)

/** Inner is P, what the receiver learns about it. */
export interface Inner {
  readonly from: Acct
  readonly to: Acct
  readonly conv: Hash
  readonly gs: Hash
  readonly msg: ID
  readonly sent: number
  readonly ttl: number
  readonly headFrom: Head
  readonly headTo: Head
  readonly last: LastKnown
  readonly ctype: number
}

/** innerBytes are the bytes of P. */
export const innerBytes = (p: Inner): Bytes =>
  concat(p.from, p.to, p.conv, p.gs, p.msg, u64(p.sent), u32(p.ttl), headBytes(p.headFrom), headBytes(p.headTo), p.last.pkid, u64(p.last.created), u16(p.ctype))

/** readInner reads P. */
export function readInner(b: Bytes): Inner {
  if (b.length !== pSize) refuse('malformed')
  const r = new Reader(b)
  const p = {
    from: r.fixed(asAcct), to: r.fixed(asAcct), conv: r.fixed(asHash), gs: r.fixed(asHash), msg: r.fixed(asID),
    sent: r.u64(), ttl: r.u32(), headFrom: readHead(r), headTo: readHead(r), last: { pkid: r.fixed(asHash), created: r.u64() }, ctype: r.u16(),
  }
  return r.done ? p : refuse('malformed')
}

/** envelopeInfo is the info that HPKE has of an envelope. */
export const envelopeInfo = (to: Acct, dev: Dev, pkid: Hash): Bytes => ds('envelope', suite(), to, dev, pkid)

/** transcript is T, what the sending device signs. */
export async function transcript(o: Bytes, enc: Bytes, p: Bytes, salt: Bytes, body: Bytes): Promise<Bytes> {
  return concat(ds('sig/envelope'), v16(o), await plainHash(enc), v16(p), await mac(salt, 'commit', body))
}

/** wireHash names an envelope as it came. */
export const wireHash = (wire: Bytes): Promise<Hash> => hashOf('wire', wire)

/** exporterOf is the label of what a kind's HPKE context exports; other kinds export nothing. */
export const exporterOf = (k: Kind): string | undefined => (k === kinds.ring ? 'call/ring' : k === kinds.answer ? 'call/answer' : undefined)

/** Message is what is to be sealed. */
export interface Message {
  readonly kind: Kind
  readonly ctype: number
  /** to is the receiver's log as it is pinned; the own one of own kinds. */
  readonly to: Log
  /** toDev is one that is active in it. */
  readonly toDev: Dev
  /** pub is a prekey's, the ring's EKp, or the KEM key of linking. */
  readonly pub: Bytes
  readonly ms: number
  /** last is the own newest last-resort key. */
  readonly last: LastKnown
  readonly body: Bytes
}

/** Sealed is an envelope that may go to the hub. */
export interface Sealed {
  readonly wire: Bytes
  /** secret is the exporter's: K1 of a ring, K2 of an answer. */
  readonly secret: Secret | undefined
  readonly env: ID
  readonly msg: ID
}

/** Chance is the randomness of an envelope. */
export interface Chance {
  readonly env: ID
  readonly msg: ID
  readonly salt: Bytes // 32 bytes
  readonly eseed?: Bytes // 64 bytes
}

const newChance = (): Chance => ({ env: randomID(), msg: randomID(), salt: random32() })

/** sealEnvelope seals by a device key of the own log. Whoever gives chance gives other bytes each time: it is there for vectors. */
export async function sealEnvelope(own: Log, key: DeviceKey, m: Message, chance: Chance = newChance()): Promise<Sealed> {
  const from = await author(key, own.acct)
  if (asKind(m.kind) === undefined) refuse('kind')
  if (!takesType(m.kind, m.ctype) || isOwn(m.kind) !== same(own.acct, m.to.acct)) refuse('kind_rule')
  if (!isNumber(m.ms) || !isNumber(m.last.created)) refuse('malformed')
  if (m.to.device(m.toDev)?.active !== true) refuse('device_revoked')
  if (same(from, m.toDev)) refuse('own_echo')
  if (bucketFor(m.kind, ptOver + m.body.length) === 0) refuse('bucket')
  const o = { kind: m.kind, fromDev: from, toDev: m.toDev, pkid: await pkidOf(m.pub), env: chance.env }
  const p = {
    from: own.acct, to: m.to.acct, conv: await convOf(m.kind, own.acct, m.to.acct), gs: noHash(), msg: chance.msg, sent: m.ms,
    ttl: ttlOf(m.kind), headFrom: own.head, headTo: m.to.head, last: m.last, ctype: m.ctype,
  }
  return { ...(await sealParts(o, p, m, key, chance)), env: chance.env, msg: chance.msg }
}

async function sealParts(o: Outer, inner: Inner, m: Message, key: DeviceKey, chance: Chance): Promise<{ readonly wire: Bytes; readonly secret: Secret | undefined }> {
  const { enc, context } = await sealTo(m.pub, envelopeInfo(inner.to, o.toDev, o.pkid), chance.eseed)
  const ob = outerBytes(o)
  const p = innerBytes(inner)
  const sig = await signBy(key, await transcript(ob, enc, p, chance.salt, m.body))
  const pt = new Uint8Array(bucketFor(o.kind, ptOver + m.body.length))
  pt.set(concat(v16(p), v32(m.body), chance.salt, sig))
  const wire = concat(ob, enc, v32(await context.seal(ob, pt)))
  const label = exporterOf(o.kind)
  return { wire, secret: label === undefined ? undefined : asSecret(await context.export(ds(label))) }
}
