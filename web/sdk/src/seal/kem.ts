// The KEM of envelopes: ML-KEM-768 with X25519, "X-Wing". X25519 is the
// platform's; ML-KEM is not in every browser yet and comes from a library.

import { sha3_256, shake256 } from '@noble/hashes/sha3.js'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'

import { type Bytes, concat, type Is, isZero, random, sized } from './bytes.ts'
import { type Hash, hashOf } from './identity.ts'
import { refuse } from './reason.ts'

/** KEMPublic is the half of a KEM key that others seal to. */
export type KEMPublic = Is<'kem public'>

/** Seed is the secret of a KEM key. */
export type Seed = Is<'seed'>

/** Lengths of a KEM key and of an encapsulation, in bytes. */
export const kemPublicSize = 1216
export const encSize = 1120
const asKEMPublic = sized('kem public', kemPublicSize)
const mlkemPublic = 1184
const mlkemCiphertext = 1088
const mlkemNumbers = 1152
const mlkemPrime = 3329

/** asSeed takes 32 bytes for a seed, and refuses others as malformed. */
export const asSeed = sized('seed', 32)

/** newSeed takes a seed from the system's randomness. */
export const newSeed = (): Seed => random(32) as Seed

/** pkidOf names a KEM key. */
export const pkidOf = (pub: Bytes): Promise<Hash> => hashOf('prekey-id', pub)

/** checkKEM refuses a KEM key that has another length, or a number of 12 bits that is none of ML-KEM's. */
export function checkKEM(pub: Bytes): asserts pub is KEMPublic {
  if (pub.length !== kemPublicSize) refuse('malformed')
  for (let i = 0; i < mlkemNumbers; i += 3) {
    const [a = 0, b = 0, c = 0] = pub.subarray(i, i + 3)
    if ((a | ((b & 0x0f) << 8)) >= mlkemPrime || ((b >> 4) | (c << 4)) >= mlkemPrime) refuse('key_invalid')
  }
}

const pkcs8X25519 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20)
const basePoint = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 9 : 0))

/** x25519 gives undefined where the secret is zero: the other half is of small order. */
async function x25519(key: CryptoKey, pub: Bytes): Promise<Bytes | undefined> {
  try {
    const other = await crypto.subtle.importKey('raw', pub, 'X25519', false, [])
    const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: other }, key, 256))
    return isZero(shared) ? undefined : shared
  } catch {
    return undefined // as the platform says it
  }
}

async function x25519Key(secret: Bytes): Promise<{ readonly key: CryptoKey; readonly pub: Bytes }> {
  const der = concat(pkcs8X25519, secret)
  const key = await crypto.subtle.importKey('pkcs8', der, 'X25519', false, ['deriveBits'])
  der.fill(0)
  return { key, pub: (await x25519(key, basePoint)) ?? refuse('key_invalid') }
}

const combine = (m: Uint8Array, x: Bytes, ctX: Bytes, pkX: Bytes): Bytes =>
  sha3_256(concat(m, x, ctX, pkX, Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c)))

async function expand(seed: Seed) {
  if (seed.length !== 32 || isZero(seed)) refuse('key_invalid')
  const long = shake256(seed, { dkLen: 96 })
  const m = ml_kem768.keygen(long.subarray(0, 64))
  const x = await x25519Key(long.slice(64))
  long.fill(0)
  return { m, x }
}

/** publicOf returns the half that others seal to. A zero seed has none. */
export async function publicOf(seed: Seed): Promise<KEMPublic> {
  const { m, x } = await expand(seed)
  m.secretKey.fill(0)
  return asKEMPublic(concat(m.publicKey, x.pub))
}

/** encapsulate makes a secret for a key. eseed is its randomness, 64 bytes. */
export async function encapsulate(pub: Bytes, eseed: Bytes = random(64)): Promise<{ readonly enc: Bytes; readonly secret: Bytes }> {
  checkKEM(pub)
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(pub.subarray(0, mlkemPublic), eseed.subarray(0, 32))
  const { key, pub: ctX } = await x25519Key(eseed.slice(32))
  const pkX = pub.slice(mlkemPublic)
  const ssX = (await x25519(key, pkX)) ?? refuse('key_invalid')
  const secret = combine(sharedSecret, ssX, ctX, pkX)
  sharedSecret.fill(0)
  ssX.fill(0)
  return { enc: concat(cipherText, ctX), secret }
}

/** decapsulate finds the secret. What fails fails as open. */
export async function decapsulate(seed: Seed, enc: Bytes): Promise<Bytes> {
  const { m, x } = await expand(seed)
  if (enc.length !== encSize) refuse('open')
  const ctX = enc.slice(mlkemCiphertext)
  const ssM = ml_kem768.decapsulate(enc.subarray(0, mlkemCiphertext), m.secretKey)
  m.secretKey.fill(0)
  const ssX = (await x25519(x.key, ctX)) ?? refuse('open')
  const secret = combine(ssM, ssX, ctX, x.pub)
  ssM.fill(0)
  ssX.fill(0)
  return secret
}
