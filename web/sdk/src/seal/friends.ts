// What two people become friends with, and by what they know each other.

import { fromBase64url, toBase64url } from '../text.ts'
import { type Bytes, concat, ds, type Is, isNumber, isZero, kdf, mac, none, Reader, same, sized, u64, u8 } from './bytes.ts'
import {
  type Acct, asAcct, asDev, asHash, asID, type Dev, type Hash, hashOf, type Head, headBytes, type ID, randomID, readHead, type SigningKey,
} from './identity.ts'
import { author, type DeviceKey, signBy, sigSize, verify } from './keys.ts'
import { type Log } from './log.ts'
import { refuse } from './reason.ts'

const linkSize = 85
const fSize = 141
const aSize = 125
const macSize = 32

/** Lengths of a request, of an accept and of a code to scan, in bytes. */
export const requestSize = fSize + sigSize + macSize
export const acceptSize = aSize + sigSize
export const scanSize = 101

const maxRequestAge = 30 * 24 * 60 * 60 * 1000 // ms

/** InviteSecret is a friend link's 16 random bytes, which the hub never gets. */
export type InviteSecret = Is<'invite secret'>

/** asInviteSecret takes 16 bytes for one, and refuses others as malformed. */
export const asInviteSecret = sized('invite secret', 16)

/** newInviteSecret makes one. */
export const newInviteSecret = (): InviteSecret => asInviteSecret(randomID())

/** FriendLink is what the fragment of a friend's link holds. */
export interface FriendLink {
  readonly acct: Acct
  readonly head: Head
  readonly secret: InviteSecret
}

/** spellLink spells the fragment. */
export const spellLink = (l: FriendLink): string => toBase64url(concat(u8(1), l.acct, headBytes(l.head), l.secret))

/** readLink reads a fragment. */
export function readLink(text: string): FriendLink {
  const b = text.length === Math.ceil((linkSize * 4) / 3) ? fromBase64url(text) : undefined
  if (b?.length !== linkSize) return refuse('malformed')
  const r = new Reader(b.slice())
  if (r.u8() !== 1) refuse('version')
  return { acct: r.fixed(asAcct), head: readHead(r), secret: r.fixed(asInviteSecret) }
}

/** inviteID is the place of a link at the hub. */
export const inviteID = async (secret: InviteSecret): Promise<ID> => (await kdf(secret, none(), ds('invite/id'), 16)) as ID

/** Request asks to become friends. */
export interface Request {
  readonly from: Acct
  readonly to: Acct
  readonly fromDev: Dev
  readonly fromHead: Head
  readonly nonce: ID
  readonly expiry: number
}

/** newRequest signs a request to an identity that a link or the hub named. With no link there is no secret. nonce is random. */
export async function newRequest(
  own: Log, key: DeviceKey, to: Acct, secret: InviteSecret | undefined, expiry: number, nonce: ID = randomID(),
): Promise<Bytes> {
  if (!isNumber(expiry)) refuse('malformed')
  const f = concat(u8(1), own.acct, to, await author(key, own.acct), headBytes(own.head), nonce, u64(expiry))
  const tag = secret === undefined ? new Uint8Array(macSize) : await mac(secret, 'friend-req', f)
  return concat(f, await signBy(key, ds('friend-request', f)), tag)
}

/** requestID names a request. */
export const requestID = (raw: Bytes): Promise<Hash> => hashOf('friend-req-id', raw)

/** readRequest reads a request without believing it: who it says it is from, whose log is to be fetched. */
export function readRequest(raw: Bytes): Request {
  if (raw.length !== requestSize) refuse('malformed')
  const r = new Reader(raw.subarray(0, fSize))
  if (r.u8() !== 1) refuse('version')
  const q = {
    from: r.fixed(asAcct), to: r.fixed(asAcct), fromDev: r.fixed(asDev), fromHead: readHead(r), nonce: r.fixed(asID), expiry: r.u64(),
  }
  return r.done ? q : refuse('malformed')
}

/** Requested is a request that holds; byLink is the place of the secret that it came through, and undefined for one by sign-in name. */
export interface Requested extends Request {
  readonly byLink: number | undefined
}

/**
 * checkRequest reads a request and checks it against the log of who it is
 * from. secrets are those of the links that are open. That its id is new is
 * for the caller to see to (replay).
 */
export async function checkRequest(
  from: Uint8Array, me: Acct, theirs: Log, secrets: readonly InviteSecret[], now: number,
): Promise<Requested> {
  const raw = from.slice()
  const q = readRequest(raw)
  const f = raw.slice(0, fSize)
  const sig = raw.subarray(fSize, fSize + sigSize)
  const tag = raw.subarray(fSize + sigSize)
  const d = theirs.device(q.fromDev)
  if (!same(q.to, me) || same(q.from, me) || !same(q.from, theirs.acct) || !theirs.contains(q.fromHead) || d?.active !== true) return refuse('request')
  if (!(await verify(d.key, ds('friend-request', f), sig))) refuse('request')
  let byLink: number | undefined
  for (const [i, s] of secrets.entries()) if (same(await mac(s, 'friend-req', f), tag)) byLink = i
  if (byLink === undefined && !isZero(tag)) refuse('request')
  if (q.expiry < now || q.expiry - now > maxRequestAge) refuse('request_expired')
  return { ...q, byLink }
}

/** Accept says yes to a request. */
export interface Accept {
  readonly request: Hash
  readonly acct: Acct
  readonly dev: Dev
  readonly head: Head
  readonly ms: number
}

/** newAccept signs it. */
export async function newAccept(own: Log, key: DeviceKey, request: Bytes, ms: number): Promise<Bytes> {
  if (!isNumber(ms)) refuse('malformed')
  const a = concat(u8(1), await requestID(request), own.acct, await author(key, own.acct), headBytes(own.head), u64(ms))
  return concat(a, await signBy(key, ds('friend-accept', a)))
}

/** checkAccept reads an accept of a request that this person made and has not seen accepted, against the log of who accepts. */
export async function checkAccept(from: Uint8Array, request: Bytes, theirs: Log): Promise<Accept> {
  if (from.length !== acceptSize) refuse('malformed')
  const raw = from.slice()
  const r = new Reader(raw.subarray(0, aSize))
  if (r.u8() !== 1) refuse('version')
  const a = { request: r.fixed(asHash), acct: r.fixed(asAcct), dev: r.fixed(asDev), head: readHead(r), ms: r.u64() }
  if (!r.done) refuse('malformed')
  const to = acceptable(request)
  const d = theirs.device(a.dev)
  if (to === undefined || !same(a.request, await requestID(request)) || !same(a.acct, to) || !same(a.acct, theirs.acct)) refuse('accept')
  if (!theirs.contains(a.head) || d?.active !== true) return refuse('accept')
  if (!(await verify(d.key, ds('friend-accept', raw.subarray(0, aSize)), raw.subarray(aSize)))) refuse('accept')
  return a
}

/** acceptable is whom a request was made to; undefined where it is none. */
function acceptable(request: Bytes): Acct | undefined {
  try {
    return readRequest(request).to
  } catch {
    return undefined
  }
}

const safetyRounds = 5200 // they make the number slow to search for

/** safetyNumber returns the 60 digits that two people compare. It is the same on both sides, and devices do not change it. */
export async function safetyNumber(a: ID, aRoot: SigningKey, b: ID, bRoot: SigningKey): Promise<string> {
  const [x, y] = await Promise.all([safetyHalf(a, aRoot), safetyHalf(b, bRoot)])
  return x < y ? x + y : y + x
}

async function safetyHalf(account: ID, root: SigningKey): Promise<string> {
  const round = new Uint8Array(64 + root.length)
  round.set(root, 64)
  let h = await sha512(ds('safety', account, root))
  for (let i = 1; i < safetyRounds; i++) {
    round.set(h)
    h = await sha512(round)
  }
  let text = ''
  for (let k = 0; k < 6; k++) {
    const v = h.subarray(5 * k, 5 * k + 5).reduce((n, x) => n * 256 + x, 0)
    text += String(v % 100_000).padStart(5, '0')
  }
  return text
}

const sha512 = async (b: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-512', b))

/** scanCode is what a QR code shows to a friend: own and friend's identity, and the own head. */
export const scanCode = (own: Log, friend: Acct): Bytes => concat(u8(1), own.acct, friend, headBytes(own.head))

/**
 * checkScan checks a code that a friend's device shows: both identities must
 * be those that this device has, and the head in the friend's log, which is to
 * be fetched until it is (head_from).
 */
export function checkScan(raw: Uint8Array, me: Acct, theirs: Log): void {
  if (raw.length !== scanSize) refuse('malformed')
  const r = new Reader(raw.slice())
  if (r.u8() !== 1) refuse('version')
  const from = r.fixed(asAcct)
  const to = r.fixed(asAcct)
  const head = readHead(r)
  if (!same(from, theirs.acct)) refuse('sender')
  if (!same(to, me)) refuse('recipient')
  if (!theirs.contains(head)) refuse('head_from')
}
