// One entry of a device log: its form, and how a new one is drafted, signed
// and joined.

import { type Bytes, compare, concat, ds, isNumber, isZero, Reader, same, u32, u64, u8, v16 } from './bytes.ts'
import {
  type Acct, acctOf, asAcct, asDev, asHash, asID, asSigningKey, type Dev, type Hash, hashOf, type Head, type ID, noHash, plainHash, type SigningKey,
} from './identity.ts'
import { publicOf, type Seed } from './kem.ts'
import { author, type DeviceKey, type RootKey, signBy, type Signer, sigSize } from './keys.ts'
import { refuse } from './reason.ts'

/** The bounds of a device log; devices are those active at one time, sizes are bytes. */
export const maxEntries = 1024
export const maxDevices = 32
const headerSize = 96
const maxEntryBody = 9 + 16 * maxDevices
export const maxLogSize = maxEntries * (2 + headerSize + maxEntryBody + 2 * sigSize)

/** entryTypes say what an entry of a log does. */
export const entryTypes = { genesis: 0, add: 1, revoke: 2, reset: 3, successor: 4 } as const

/** Fields are what an entry's body says, by its type. */
export type Fields =
  | { readonly type: 0; readonly account: ID; readonly root: SigningKey; readonly backup: Hash; readonly key: SigningKey; readonly link: boolean }
  | { readonly type: 1; readonly key: SigningKey; readonly link: boolean }
  | { readonly type: 2; readonly dev: Dev }
  | { readonly type: 3; readonly keep: number; readonly resetNo: number; readonly stay: readonly Dev[] }
  | { readonly type: 4; readonly next: Acct }

interface Header {
  readonly acct: Acct
  readonly seq: number
  readonly prev: Hash
  readonly by: Dev
  readonly says: Fields
}

/** Entry is one that was read: its form holds, and nothing else is known. */
export interface Entry extends Header {
  readonly raw: Bytes // v16(E) ‖ sig ‖ join
  readonly e: Bytes
  readonly sig: Bytes
  readonly join: Bytes // none in types that bring no device
}

const joins = (says: Fields): boolean => says.type === entryTypes.genesis || says.type === entryTypes.add

/** readEntry takes one off the front of a log. */
export function readEntry(all: Bytes): Entry {
  const r = new Reader(all)
  const e = r.v16()
  if (r.isBad()) refuse('malformed')
  const header = readHeader(e)
  const sig = r.take(sigSize)
  const join = r.take(joins(header.says) ? sigSize : 0)
  if (r.isBad()) refuse('malformed')
  return { ...header, raw: all.subarray(0, r.at), e, sig, join }
}

function readHeader(e: Bytes): Header {
  const r = new Reader(e)
  const version = r.u8()
  if (r.isBad()) refuse('malformed')
  if (version !== 1) refuse('version')
  const acct = r.fixed(asAcct)
  const seq = r.u32()
  const prev = r.fixed(asHash)
  r.u64() // the time is shown, and never decides
  const type = r.u8()
  const by = r.fixed(asDev)
  const body = new Reader(r.v16())
  if (!r.done) refuse('malformed')
  const says = readFields(type, body)
  if (says === undefined || !body.done) refuse('malformed')
  return { acct, seq, prev, by, says }
}

function readFields(type: number, r: Reader): Fields | undefined {
  switch (type) {
    case 0: {
      const account = r.fixed(asID)
      const root = r.fixed(asSigningKey)
      const backup = r.fixed(asHash)
      const device = readDevice(r)
      return device !== undefined && !isZero(account) ? { type, account, root, backup, ...device } : undefined
    }
    case 1: {
      const device = readDevice(r)
      return device !== undefined ? { type, ...device } : undefined
    }
    case 2:
      return { type, dev: r.fixed(asDev) }
    case 3: {
      const keep = r.u32()
      const resetNo = r.u32()
      const n = r.u8()
      return n <= maxDevices ? { type, keep, resetNo, stay: Array.from({ length: n }, () => r.fixed(asDev)) } : undefined
    }
    case 4:
      return { type, next: r.fixed(asAcct) }
    default:
      return undefined
  }
}

function readDevice(r: Reader): { readonly key: SigningKey; readonly link: boolean } | undefined {
  const key = r.fixed(asSigningKey)
  const rights = r.u8()
  return rights <= 1 ? { key, link: rights === 1 } : undefined
}

/**
 * Draft is an entry that is signed and, where it brings a device, not yet
 * joined. The one who signs and the one who joins may be two machines: e goes
 * from the one to the other, and the join back.
 */
export interface Draft {
  readonly e: Bytes
  readonly sig: Bytes
}

/** joinEntry signs, on a new device, that it wants to be in the log. It must have looked at the entry with checkJoin. */
export const joinEntry = (e: Bytes, key: DeviceKey): Promise<Bytes> => signBy(key, ds('log-join', e))

/** entryBytes is the whole entry, to be put after the log's bytes. */
export const entryBytes = (d: Draft, join?: Bytes): Bytes => concat(v16(d.e), d.sig, join ?? new Uint8Array(0))

/** checkJoin is what a new device asks of the entry it is to join: that it is an add of its own key, in the identity it was linked to, after head. */
export function checkJoin(e: Bytes, acct: Acct, head: Head, key: SigningKey): void {
  const x = readHeader(e)
  if (x.says.type !== entryTypes.add || !same(x.acct, acct)) refuse('log_genesis')
  if (x.seq !== head.seq + 1) refuse('log_gap')
  if (!same(x.prev, head.hash)) refuse('log_fork')
  if (!same(x.says.key, key)) refuse('log_join')
}

/** Place is where an entry goes. */
export interface Place {
  readonly acct: Acct
  readonly seq: number
  readonly prev: Hash
  readonly ms: number
}

/** draftEntry signs an entry of any type; Log.draft… are what is asked for it. */
export async function draftEntry(by: Signer, at: Place, type: number, body: Bytes): Promise<Draft> {
  if (!isNumber(at.ms)) refuse('malformed')
  const dev = await author(by, at.acct)
  const e = concat(u8(1), at.acct, u32(at.seq), at.prev, u64(at.ms), u8(type), dev, v16(body))
  return { e, sig: await signBy(by, ds('log', e)) }
}

/** deviceBody says which device, and whether it may link others. */
export const deviceBody = (key: SigningKey, link: boolean): Bytes => concat(key, u8(link ? 1 : 0))

/** resetBody says which devices stay. */
export const resetBody = (keep: number, no: number, stay: readonly Dev[]): Bytes =>
  concat(u32(keep), u32(no), u8(stay.length), ...[...stay].sort(compare))

/** newLog makes the genesis of an identity: a log of one entry, in which the first device may link others. */
export async function newLog(account: ID, root: RootKey, backup: Seed, first: DeviceKey, ms: number): Promise<Bytes> {
  const backupHash = await plainHash(await publicOf(backup))
  const body = concat(account, root.public, backupHash, deviceBody(first.public, true))
  const at = { acct: await acctOf(account, root.public), seq: 0, prev: noHash(), ms }
  const d = await draftEntry(root, at, entryTypes.genesis, body)
  return entryBytes(d, await joinEntry(d.e, first))
}

/** entryHash is the hash of an entry as it stands in the log. */
export const entryHash = (x: Entry): Promise<Hash> => hashOf('log-head', x.raw)
