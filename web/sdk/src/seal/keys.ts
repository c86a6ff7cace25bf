// Keys that sign. Private halves are the platform's, and nothing here sees
// their bytes: whoever signs is a handle.

import { type Bytes, isZero, same } from './bytes.ts'
import { type Acct, asSigningKey, type Dev, devOf, noDev, type SigningKey } from './identity.ts'
import { Refusal, refuse } from './reason.ts'

/** sigSize is a signature's length in bytes. */
export const sigSize = 64

const small = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map((text) => Uint8Array.from(text.match(/../g) ?? [], (x) => parseInt(x, 16)))

/**
 * checkSigningKey refuses a key whose y is not below the field's prime, or is
 * that of a point of small order: some verifiers take any message under those.
 */
export function checkSigningKey(key: SigningKey): void {
  const y = key.slice()
  const top = (y[31] ?? 0) & 0x7f
  y[31] = top
  if (small.some((s) => same(s, y))) refuse('key_invalid')
  if (top === 0x7f && (y[0] ?? 0) >= 0xed && y.subarray(1, 31).every((x) => x === 0xff)) refuse('key_invalid')
}

/** signingKeyHolds tells whether checkSigningKey takes a key. */
export function signingKeyHolds(key: SigningKey): boolean {
  try {
    checkSigningKey(key)
    return true
  } catch (e) {
    if (e instanceof Refusal) return false
    throw e
  }
}

/** verify tells whether sig is this key's over msg. A key that checkSigningKey refuses has signed nothing. */
export async function verify(key: SigningKey, msg: Bytes, sig: Bytes): Promise<boolean> {
  if (sig.length !== sigSize || !signingKeyHolds(key)) return false
  try {
    const k = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify('Ed25519', k, sig, msg)
  } catch {
    return false // a key that lies on no curve: some platforms say so at import
  }
}

interface Handle {
  readonly public: SigningKey
  /** sign gives the 64 bytes of a signature. */
  readonly sign: (msg: Bytes) => Promise<Bytes>
}

/** DeviceKey signs for one device. */
export interface DeviceKey extends Handle {
  readonly role: 'device'
}

/** RootKey is an identity's key. It comes out of the recovery code, signs the genesis of the log or a recovery, and is then forgotten. */
export interface RootKey extends Handle {
  readonly role: 'root'
}

/** Signer signs entries of a log. */
export type Signer = DeviceKey | RootKey

/** author is how an entry names its signer. */
export const author = (by: Signer, acct: Acct): Promise<Dev> => (by.role === 'root' ? Promise.resolve(noDev()) : devOf(acct, by.public))

/** signBy asks a handle, and refuses what is no signature. */
export async function signBy(by: Signer, msg: Bytes): Promise<Bytes> {
  checkSigningKey(by.public)
  const sig = await by.sign(msg)
  return sig.length === sigSize ? sig : refuse('key_invalid')
}

const signerOf = (key: CryptoKey) => async (msg: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.sign('Ed25519', key, msg))

/** newDeviceKeys makes keys whose private half can't be taken out of the browser. They may be kept in IndexedDB as they are. */
export async function newDeviceKeys(): Promise<CryptoKeyPair> {
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
  return 'privateKey' in pair ? pair : refuse('key_invalid')
}

/** deviceKey is the handle of such keys. */
export async function deviceKey(pair: CryptoKeyPair): Promise<DeviceKey> {
  const pub = asSigningKey(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))
  checkSigningKey(pub)
  return { role: 'device', public: pub, sign: signerOf(pair.privateKey) }
}

const pkcs8Ed25519 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)

/** handleFrom is the handle of a key whose seed is in memory: that of IK, and those of tests. */
async function handleFrom(seed: Bytes): Promise<Handle> {
  if (seed.length !== 32 || isZero(seed)) refuse('key_invalid')
  const der = new Uint8Array(48)
  der.set(pkcs8Ed25519)
  der.set(seed, 16)
  const open = await crypto.subtle.importKey('pkcs8', der, 'Ed25519', true, ['sign'])
  const { x } = await crypto.subtle.exportKey('jwk', open)
  const key = await crypto.subtle.importKey('pkcs8', der, 'Ed25519', false, ['sign'])
  der.fill(0)
  const pub = Uint8Array.from(atob((x ?? '').replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  return { public: asSigningKey(pub), sign: signerOf(key) }
}

/** rootKeyFrom is the handle of IK. */
export const rootKeyFrom = async (seed: Bytes): Promise<RootKey> => ({ role: 'root', ...(await handleFrom(seed)) })

/** deviceKeyFrom is the handle of a device key that comes from elsewhere as its seed. A browser's own come from newDeviceKeys. */
export const deviceKeyFrom = async (seed: Bytes): Promise<DeviceKey> => ({ role: 'device', ...(await handleFrom(seed)) })
