// What names people, devices, calls, and places in a log.

import { type Bytes, concat, type Is, labelled, random, type Reader, sha256, sized, u32 } from './bytes.ts'

/** ID is an identifier of the signaling protocol: of an account or of a call. */
export type ID = Is<'id'>

/** Acct is what an identity is known by: the account's id and IK, hashed. */
export type Acct = Is<'acct'>

/** Dev names one device of one identity. */
export type Dev = Is<'dev'>

/** Hash is a SHA-256. */
export type Hash = Is<'hash'>

/** SigningKey is the public half of an Ed25519 key. */
export type SigningKey = Is<'signing key'>

/** Random is 32 random bytes of one side of a call or of linking. */
export type Random = Is<'random'>

/** Fingerprint is the SHA-256 of a certificate. */
export type Fingerprint = Is<'fingerprint'>

/** asID and its like take bytes of the right length for what they mean, and refuse others as malformed. */
export const asID = sized('id', 16)
export const asAcct = sized('acct', 32)
export const asDev = sized('dev', 16)
export const asHash = sized('hash', 32)
export const asSigningKey = sized('signing key', 32)
export const asRandom = sized('random', 32)
export const asFingerprint = sized('fingerprint', 32)

/** noDev is the name of no device: IK signs with it. */
export const noDev = (): Dev => asDev(new Uint8Array(16))

/** noHash is the hash of nothing. */
export const noHash = (): Hash => asHash(new Uint8Array(32))

/** randomID is for call ids, envelopes and messages. */
export const randomID = (): ID => random(16) as ID

/** random32 is a side's part of the emoji, or a salt. */
export const random32 = (): Random => random(32) as Random

/** hashOf is H(DS(label) ‖ parts). */
export const hashOf = async (label: string, ...parts: readonly Uint8Array[]): Promise<Hash> => (await labelled(label, ...parts)) as Hash

/** plainHash is H without a label: of enc, of a backup's key and bytes, of m1 and m2, and only within something that has one. */
export const plainHash = async (b: Bytes): Promise<Hash> => (await sha256(b)) as Hash

/** acctOf returns the Acct of an account with this root key. */
export const acctOf = async (account: ID, root: SigningKey): Promise<Acct> => (await labelled('account', account, root)) as Acct

/** devOf returns the Dev of a device key of an identity. */
export const devOf = async (acct: Acct, key: SigningKey): Promise<Dev> => (await labelled('device', acct, key)).slice(0, 16) as Dev

/** Head is a place in a device log: the seq of an entry, and its hash. */
export interface Head {
  readonly seq: number
  readonly hash: Hash
}

/** headBytes are its 36 bytes. */
export const headBytes = (h: Head): Bytes => concat(u32(h.seq), h.hash)

/** readHead takes one off a reader. */
export const readHead = (r: Reader): Head => ({ seq: r.u32(), hash: r.fixed(asHash) })
