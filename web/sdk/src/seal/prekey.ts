// Prekeys: KEM keys that a device signed, for others to seal to.

import { type Bytes, concat, ds, isNumber, Reader, same, u64, u8 } from './bytes.ts'
import { suite } from './hpke.ts'
import { type Acct, asAcct, asDev, type Dev, type Hash, noHash } from './identity.ts'
import { checkKEM, type KEMPublic, kemPublicSize, newSeed, pkidOf, publicOf, type Seed } from './kem.ts'
import { author, type DeviceKey, signBy, sigSize, verify } from './keys.ts'
import { type Log } from './log.ts'
import { refuse } from './reason.ts'

const bodySize = 1287

/** prekeySize is a signed prekey's length in bytes. */
export const prekeySize = bodySize + sigSize

const day = 24 * 60 * 60 * 1000
const maxLifetime = 30 * day // ms from created to not_after

/** maxAhead is how many ms another's clock may be ahead; graceAfter how many a seed is kept past not_after. */
export const maxAhead = 5 * 60 * 1000
export const graceAfter = 31 * day

/** prekeyTypes tell keys that open one envelope from the one that is there when those are gone. */
export const prekeyTypes = { oneTime: 1, lastResort: 2 } as const

/** PrekeyType is one of them. */
export type PrekeyType = (typeof prekeyTypes)[keyof typeof prekeyTypes]

/** Prekey is a device's KEM key, as that device signed it. */
export interface Prekey {
  readonly type: PrekeyType
  readonly dev: Dev
  readonly acct: Acct
  readonly created: number
  readonly notAfter: number
  readonly pub: KEMPublic
  readonly pkid: Hash
}

/** LastKnown is the newest last-resort key that a device told of. */
export interface LastKnown {
  readonly pkid: Hash
  readonly created: number
}

/** noneKnown is that of a device that told of none. */
export const noneKnown = (): LastKnown => ({ pkid: noHash(), created: 0 })

/** newPrekey makes and signs a prekey. The caller keeps the seed before the bytes leave the device; one that is given must be fresh. */
export async function newPrekey(
  own: Log, key: DeviceKey, type: PrekeyType, created: number, notAfter: number, seed: Seed = newSeed(),
): Promise<{ readonly raw: Bytes; readonly seed: Seed }> {
  if (!isNumber(created) || !isNumber(notAfter)) refuse('malformed')
  const r = concat(u8(type), await author(key, own.acct), own.acct, u64(created), u64(notAfter), suite(), await publicOf(seed))
  return { raw: concat(r, await signBy(key, ds('prekey', r))), seed }
}

/** checkPrekey reads a prekey that the hub gave out for a device of the pinned log, and does all of the page's checks. */
export async function checkPrekey(from: Uint8Array, pinned: Log, dev: Dev, known: LastKnown, now: number): Promise<Prekey> {
  if (from.length !== prekeySize) refuse('malformed')
  const raw = from.slice()
  const r = new Reader(raw.subarray(0, bodySize))
  const type = r.u8()
  const of = r.fixed(asDev)
  const acct = r.fixed(asAcct)
  const created = r.u64()
  const notAfter = r.u64()
  const s = r.take(6)
  const pub = r.take(kemPublicSize)
  if (!r.done || (type !== prekeyTypes.oneTime && type !== prekeyTypes.lastResort)) refuse('malformed')
  if (!same(s, suite())) refuse('suite')
  const d = pinned.device(of)
  if (!same(of, dev) || !same(acct, pinned.acct) || d?.active !== true) return refuse('prekey_device')
  if (!(await verify(d.key, ds('prekey', raw.subarray(0, bodySize)), raw.subarray(bodySize)))) refuse('prekey_signature')
  checkKEM(pub)
  if (created > now + maxAhead || created >= notAfter || now > notAfter || notAfter - created > maxLifetime) refuse('prekey_dates')
  const pkid = await pkidOf(pub)
  const older = created < known.created || (created === known.created && !same(pkid, known.pkid))
  if (type === prekeyTypes.lastResort && known.created > 0 && older) refuse('prekey_older')
  return { type, dev: of, acct, created, notAfter, pub, pkid }
}
