// What goes between own devices, and what a recovery finds.

import { type Bytes, concat, ds, isNumber, isZero, Reader, same, u64, u8, v32 } from './bytes.ts'
import { checkOwner, type Recovery } from './code.ts'
import { maxBody } from './envelope.ts'
import { openWith, sealTo, suite, tagSize } from './hpke.ts'
import { type Acct, asAcct, asDev, type Dev, type Head, headBytes, plainHash, readHead } from './identity.ts'
import { encSize, type Seed } from './kem.ts'
import { author, type DeviceKey, signBy, sigSize, verify } from './keys.ts'
import { type Log } from './log.ts'
import { maxContent, type Pin, pinsBytes, readPins } from './pin.ts'
import { Refusal, refuse } from './reason.ts'

const step = 4096
const headSize = 101

/** maxBackup is a backup's length at most, in bytes. */
export const maxBackup = headSize + encSize + 4 + maxContent + tagSize + sigSize

/** Content is what a new device gets, and what a backup seals: no prekey and no device key. */
export interface Content {
  readonly pins: readonly Pin[]
  readonly settings: Bytes
}

/** Backup is what a recovery finds. */
export interface Backup extends Content {
  readonly counter: number
  readonly ms: number
  readonly by: Dev
  readonly head: Head
}

/** contentBytes is the Body of a link envelope. */
export const contentBytes = (c: Content): Bytes => concat(v32(pinsBytes(c.pins)), v32(c.settings))

/** readContent reads it. */
export function readContent(b: Bytes): Content {
  const r = new Reader(b)
  const pins = r.v32(maxContent)
  const settings = r.v32(maxContent)
  if (r.isBad()) refuse('malformed')
  const content = { pins: readPins(pins), settings }
  return r.done ? content : refuse('malformed')
}

/** syncBody is the Body of an own-sync: count rises by one for each that this device sends, and what is pins' bytes or the settings'. */
export const syncBody = (count: number, what: Bytes): Bytes => concat(u64(count), v32(what))

/** readSync reads it. */
export function readSync(b: Bytes): { readonly count: number; readonly what: Bytes } {
  const r = new Reader(b)
  const x = { count: r.u64(), what: r.v32(maxBody) }
  return r.done ? x : refuse('malformed')
}

const info = (acct: Acct): Bytes => ds('backup', suite(), acct)

const paddedSize = (n: number): number => Math.max(step, Math.ceil(n / step) * step)

/** newBackup seals for the recovery code's key, of which pub is the public half, by a device of the own log. eseed is its randomness. */
export async function newBackup(
  own: Log, key: DeviceKey, pub: Bytes, b: Content & { readonly counter: number; readonly ms: number }, eseed?: Bytes,
): Promise<Bytes> {
  if (!same(await plainHash(pub), own.backup)) refuse('code')
  const content = contentBytes(b)
  if (content.length > maxContent || !isNumber(b.counter) || !isNumber(b.ms)) refuse('malformed')
  const head = concat(u8(1), own.acct, u64(b.counter), u64(b.ms), await author(key, own.acct), headBytes(own.head))
  const { enc, context } = await sealTo(pub, info(own.acct), eseed)
  const pt = new Uint8Array(paddedSize(content.length))
  pt.set(content)
  const raw = concat(head, enc, v32(await context.seal(head, pt)))
  return concat(raw, await signBy(key, ds('backup-sig', await plainHash(raw))))
}

interface Parts {
  readonly acct: Acct
  readonly counter: number
  readonly ms: number
  readonly by: Dev
  readonly head: Head
  readonly enc: Bytes
  readonly ct: Bytes
  readonly sig: Bytes
}

function readParts(raw: Bytes): Parts {
  const r = new Reader(raw)
  const version = r.u8()
  const x = {
    acct: r.fixed(asAcct), counter: r.u64(), ms: r.u64(), by: r.fixed(asDev), head: readHead(r), enc: r.take(encSize),
    ct: r.v32(maxContent + tagSize), sig: r.take(sigSize),
  }
  if (raw.length > 0 && version !== 1) refuse('version')
  return r.done ? x : refuse('malformed')
}

/** openBackup opens one by what the recovery code gave. own is the account's log as the hub has it, which must be that code's (code). */
export async function openBackup(own: Log, r: Recovery, from: Uint8Array): Promise<Backup> {
  await checkOwner(own, r)
  if (from.length > maxBackup) refuse(from[0] === 1 ? 'malformed' : 'version')
  const raw = from.slice()
  const x = readParts(raw)
  if (!same(x.acct, own.acct)) refuse('recipient')
  const d = own.device(x.by)
  const signed = ds('backup-sig', await plainHash(raw.subarray(0, raw.length - sigSize)))
  if (d?.active !== true || !(await verify(d.key, signed, x.sig))) refuse('backup_signature')
  if (!own.contains(x.head)) refuse('head_from')
  const pt = await decrypt(r.backup, x, raw.subarray(0, headSize))
  return { counter: x.counter, ms: x.ms, by: x.by, head: x.head, ...readPadded(pt) }
}

async function decrypt(seed: Seed, x: Parts, aad: Bytes): Promise<Bytes> {
  try {
    return await (await openWith(seed, x.enc, info(x.acct))).open(aad, x.ct)
  } catch (e) {
    if (e instanceof Refusal) refuse('open')
    throw e
  }
}

/** readPadded reads what a backup seals, padding included. */
export function readPadded(pt: Bytes): Content {
  const r = new Reader(pt)
  const pins = r.v32(maxContent)
  const settings = r.v32(maxContent)
  if (r.isBad()) refuse('malformed')
  if (paddedSize(r.at) !== pt.length) refuse('bucket')
  if (!isZero(r.rest)) refuse('padding')
  return { pins: readPins(pins), settings }
}
