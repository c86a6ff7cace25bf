// Adding a device: three messages between the old one and the new one.

import { type Bytes, concat, ds, type Is, kdf, mac, none, Reader, same, sized, u8 } from './bytes.ts'
import { type Places, sixes } from './emoji.ts'
import {
  type Acct, asAcct, asHash, asID, asRandom, asSigningKey, type Hash, hashOf, type Head, headBytes, type ID, plainHash, type Random, readHead,
  type SigningKey,
} from './identity.ts'
import { checkKEM, type KEMPublic, kemPublicSize } from './kem.ts'
import { checkSigningKey } from './keys.ts'
import { type Log } from './log.ts'
import { refuse } from './reason.ts'

const macSize = 32
const m1Size = 1281
const m2Size = 117
const m3Size = 33

/** Lengths of the messages, in bytes, their MACs included. */
export const linkNewSize = m1Size + macSize
export const linkOldSize = m2Size + macSize
export const linkRevealSize = m3Size + macSize

/** LinkSecret is S, which the old device shows. */
export type LinkSecret = Is<'link secret'>

/** asLinkSecret takes 16 bytes for one, and refuses others as malformed. */
export const asLinkSecret = sized('link secret', 16)

/** linkPlace is where at the hub the two devices meet. */
export const linkPlace = async (s: LinkSecret): Promise<ID> => (await kdf(s, none(), ds('link/id'), 16)) as ID

/** LinkNew is m1: what the new device says of itself. */
export interface LinkNew {
  readonly key: SigningKey
  readonly kem: KEMPublic
  readonly commit: Hash
}

const linkCommit = (key: SigningKey, kem: Bytes, rn: Random): Promise<Hash> => hashOf('link/commit', key, kem, rn)

/** firstLink makes m1 with its MAC. rn is shown in m3, not before. */
export async function firstLink(s: LinkSecret, key: SigningKey, kem: Bytes, rn: Random): Promise<Bytes> {
  checkKEM(kem)
  const m1 = concat(u8(1), key, kem, await linkCommit(key, kem, rn))
  return concat(m1, await mac(s, 'link/new', m1))
}

/** openLinkNew reads m1 on the old device. That it is the first, and in time, is the caller's (link_twice, link_late). */
export async function openLinkNew(s: LinkSecret, from: Uint8Array): Promise<LinkNew> {
  if (from.length !== linkNewSize) refuse('malformed')
  const raw = from.slice()
  const m1 = raw.subarray(0, m1Size)
  const r = new Reader(m1)
  if (r.u8() !== 1) refuse('version')
  if (!same(await mac(s, 'link/new', m1), raw.subarray(m1Size))) refuse('link_mac')
  const key = r.fixed(asSigningKey)
  const kem = r.take(kemPublicSize)
  const commit = r.fixed(asHash)
  checkSigningKey(key)
  checkKEM(kem)
  return { key, kem, commit }
}

/** LinkOld is m2: which identity the new device is to become part of. */
export interface LinkOld {
  readonly acct: Acct
  readonly account: ID
  readonly head: Head
  readonly random: Random
}

const sizedRight = (m: Uint8Array, size: number): Bytes => (m.length === size ? m.slice() : refuse('malformed'))

/** secondLink makes m2 with its MAC, in answer to m1 (with its MAC). */
export async function secondLink(s: LinkSecret, m1: Uint8Array, own: Log, ro: Random): Promise<Bytes> {
  const first = sizedRight(m1, linkNewSize).subarray(0, m1Size)
  const m2 = concat(u8(1), own.acct, own.account, headBytes(own.head), ro)
  return concat(m2, await mac(s, 'link/old', await plainHash(first), m2))
}

/** openLinkOld reads m2 on the new device. */
export async function openLinkOld(s: LinkSecret, m1: Uint8Array, from: Uint8Array): Promise<LinkOld> {
  const raw = sizedRight(from, linkOldSize)
  const first = sizedRight(m1, linkNewSize).subarray(0, m1Size)
  const m2 = raw.subarray(0, m2Size)
  const r = new Reader(m2)
  if (r.u8() !== 1) refuse('version')
  if (!same(await mac(s, 'link/old', await plainHash(first), m2), raw.subarray(m2Size))) refuse('link_mac')
  return { acct: r.fixed(asAcct), account: r.fixed(asID), head: readHead(r), random: r.fixed(asRandom) }
}

const revealMAC = async (s: LinkSecret, m1: Bytes, m2: Bytes, m3: Bytes): Promise<Bytes> =>
  mac(s, 'link/reveal', await plainHash(m1.subarray(0, m1Size)), await plainHash(m2.subarray(0, m2Size)), m3)

/** thirdLink makes m3 with its MAC. */
export async function thirdLink(s: LinkSecret, m1: Uint8Array, m2: Uint8Array, rn: Random): Promise<Bytes> {
  const m3 = concat(u8(1), rn)
  return concat(m3, await revealMAC(s, sizedRight(m1, linkNewSize), sizedRight(m2, linkOldSize), m3))
}

/** openLinkReveal reads m3 on the old device and holds it against what m1 committed to. */
export async function openLinkReveal(s: LinkSecret, m1: Uint8Array, m2: Uint8Array, from: Uint8Array): Promise<Random> {
  const raw = sizedRight(from, linkRevealSize)
  const first = sizedRight(m1, linkNewSize)
  const second = sizedRight(m2, linkOldSize)
  const m3 = raw.subarray(0, m3Size)
  const r = new Reader(m3)
  if (r.u8() !== 1) refuse('version')
  if (!same(await revealMAC(s, first, second, m3), raw.subarray(m3Size))) refuse('link_mac')
  const rn = r.fixed(asRandom)
  const x = await openLinkNew(s, first)
  if (!same(await linkCommit(x.key, x.kem, rn), x.commit)) refuse('commit')
  return rn
}

/** linkEmoji returns the places of the four emoji that both screens show. m1 and m2 are with their MACs, as they were sent. */
export async function linkEmoji(s: LinkSecret, m1: Uint8Array, m2: Uint8Array, rn: Random, ro: Random): Promise<Places> {
  const th = await hashOf('link/th', sizedRight(m1, linkNewSize).subarray(0, m1Size), sizedRight(m2, linkOldSize).subarray(0, m2Size))
  return sixes(await kdf(concat(s, rn, ro), th, ds('link'), 3))
}
