// RFC 9180 in base mode, with one suite and no other, for one message a
// context: that is all that envelopes and backups ask of it.

import { ascii, type Bytes, concat, hmac, none, u16 } from './bytes.ts'
import { decapsulate, encapsulate, type Seed } from './kem.ts'
import { refuse } from './reason.ts'

/** tagSize is what a ciphertext is longer than its plaintext, in bytes. */
export const tagSize = 16

/** suite is what HPKE is used with, and what prekeys name. */
export const suite = (): Bytes => Uint8Array.of(0x64, 0x7a, 0, 1, 0, 2)

/** Context is what both ends of one message have. */
export interface Context {
  readonly seal: (aad: Bytes, pt: Bytes) => Promise<Bytes>
  readonly open: (aad: Bytes, ct: Bytes) => Promise<Bytes>
  readonly export: (label: Bytes) => Promise<Bytes>
}

/** Keys are what the schedule gives. */
export interface Keys {
  readonly key: Bytes
  readonly nonce: Bytes
  readonly exporter: Bytes
}

const zeros = (): Bytes => new Uint8Array(32) // what HMAC makes of no key; Web Crypto imports none

const extract = (id: Bytes, salt: Bytes, label: string, ikm: Bytes): Promise<Bytes> => hmac(salt, concat(ascii('HPKE-v1'), id, ascii(label), ikm))

/** expand gives up to 32 bytes: one block of HKDF's. */
async function expand(id: Bytes, prk: Bytes, label: string, info: Bytes, n: number): Promise<Bytes> {
  const block = await hmac(prk, concat(u16(n), ascii('HPKE-v1'), id, ascii(label), info, Uint8Array.of(1)))
  return block.slice(0, n)
}

const suiteID = (kemAndOthers: Bytes): Bytes => concat(ascii('HPKE'), kemAndOthers)

/** schedule is KeySchedule of section 5.1. */
export async function schedule(secret: Bytes, info: Bytes, ids: Bytes = suite()): Promise<Keys> {
  const id = suiteID(ids)
  const context = concat(Uint8Array.of(0), await extract(id, zeros(), 'psk_id_hash', none()), await extract(id, zeros(), 'info_hash', info))
  const s = await extract(id, secret, 'secret', none())
  return {
    key: await expand(id, s, 'key', context, 32),
    nonce: await expand(id, s, 'base_nonce', context, 12),
    exporter: await expand(id, s, 'exp', context, 32),
  }
}

/** exportFrom is Export of section 5.3, 32 bytes. */
export const exportFrom = (exporter: Bytes, label: Bytes, ids: Bytes = suite()): Promise<Bytes> => expand(suiteID(ids), exporter, 'sec', label, 32)

/** sealGCM is AES-256-GCM. */
export async function sealGCM(key: Bytes, iv: Bytes, aad: Bytes, pt: Bytes): Promise<Bytes> {
  const k = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt'])
  return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: aad }, k, pt))
}

/** openGCM opens it, and gives undefined where it does not open. */
export async function openGCM(key: Bytes, iv: Bytes, aad: Bytes, ct: Bytes): Promise<Bytes | undefined> {
  const k = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt'])
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: aad }, k, ct))
  } catch {
    return undefined
  }
}

async function contextOf(secret: Bytes, info: Bytes): Promise<Context> {
  const { key, nonce, exporter } = await schedule(secret, info)
  secret.fill(0)
  return {
    seal: (aad, pt) => sealGCM(key, nonce, aad, pt),
    open: async (aad, ct) => (await openGCM(key, nonce, aad, ct)) ?? refuse('open'),
    export: (label) => exportFrom(exporter, label),
  }
}

/** sealTo starts a context towards a key. eseed is its randomness. */
export async function sealTo(pub: Bytes, info: Bytes, eseed?: Bytes): Promise<{ readonly enc: Bytes; readonly context: Context }> {
  const { enc, secret } = await encapsulate(pub, eseed)
  return { enc, context: await contextOf(secret, info) }
}

/** openWith starts the context at the other end. Whatever of enc fails fails as open. */
export const openWith = async (seed: Seed, enc: Bytes, info: Bytes): Promise<Context> => contextOf(await decapsulate(seed, enc), info)
