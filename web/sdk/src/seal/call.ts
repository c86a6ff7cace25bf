// What the bodies of a ring and an answer say, and the keys that come of both.

import { type Bytes, concat, ds, isZero, kdf, Reader, same, u8, v32 } from './bytes.ts'
import { checkDescription } from './description.ts'
import { type Places, sixes } from './emoji.ts'
import { maxCallBody } from './envelope.ts'
import { type FrameKey, frameKey, maxLeg } from './frame.ts'
import { type Acct, asFingerprint, asHash, asID, asRandom, type Dev, type Fingerprint, type Hash, hashOf, type ID, type Random } from './identity.ts'
import { checkKEM, kemPublicSize } from './kem.ts'
import { refuse } from './reason.ts'
import { asSecret, type Secret } from './secret.ts'

/** How many bytes a description has at most. */
export const maxRingSDP = maxCallBody - 1302
export const maxAnswerSDP = maxCallBody - 101

/** medias say what a call is for. */
export const medias = { sound: 1, soundAndPicture: 2 } as const

/** stages of an answer say whether the person has pressed. */
export const stages = { accepted: 0, ready: 1 } as const

/** Ring is the Body of a ring. */
export interface Ring {
  readonly call: ID
  readonly leg: number
  readonly media: number
  readonly ekp: Bytes
  readonly commit: Hash
  readonly fingerprint: Fingerprint
  readonly sdp: Bytes
}

/** commitment is the cm of a ring: what the caller commits to before the callee's part of the emoji is known. */
export const commitment = (call: ID, leg: number, to: Dev, rc: Random): Promise<Hash> => hashOf('sas/commit', call, u8(leg), to, rc)

/** ringBody writes the Body, and refuses one that nobody would read. */
export function ringBody(x: Ring): Bytes {
  checkRing(x, x.call)
  return concat(x.call, u8(x.leg), u8(x.media), x.ekp, x.commit, x.fingerprint, v32(x.sdp))
}

/** readRing reads the Body of a ring; call is the id in the hub's frame. */
export function readRing(b: Bytes, call: ID): Ring {
  const r = new Reader(b)
  const x = {
    call: r.fixed(asID), leg: r.u8(), media: r.u8(), ekp: r.take(kemPublicSize), commit: r.fixed(asHash), fingerprint: r.fixed(asFingerprint),
    sdp: r.v32(maxRingSDP),
  }
  if (!r.done) refuse('malformed')
  checkRing(x, call)
  return x
}

function checkRing(x: Ring, call: ID): void {
  if (isZero(x.call) || (x.media !== medias.sound && x.media !== medias.soundAndPicture) || x.sdp.length > maxRingSDP) refuse('malformed')
  if (x.leg > maxLeg) refuse('leg')
  if (!same(x.call, call)) refuse('call_id')
  checkKEM(x.ekp)
  checkDescription(x.sdp, x.fingerprint, true)
}

/** Answer is the Body of an answer. */
export interface Answer {
  /** ring is the ring's wireHash. */
  readonly ring: Hash
  readonly stage: number
  /** random is r_r, zeros with stage ready. */
  readonly random: Random
  readonly fingerprint: Fingerprint
  readonly sdp: Bytes
}

/** answerBody writes the Body, and refuses one that nobody would read. */
export function answerBody(x: Answer): Bytes {
  checkAnswer(x, x.ring)
  return concat(x.ring, u8(x.stage), x.random, x.fingerprint, v32(x.sdp))
}

/** readAnswer reads the Body of an answer to the ring of this wireHash. */
export function readAnswer(b: Bytes, ring: Hash): Answer {
  const r = new Reader(b)
  const x = { ring: r.fixed(asHash), stage: r.u8(), random: r.fixed(asRandom), fingerprint: r.fixed(asFingerprint), sdp: r.v32(maxAnswerSDP) }
  if (!r.done) refuse('malformed')
  checkAnswer(x, ring)
  return x
}

function checkAnswer(x: Answer, ring: Hash): void {
  if (x.stage > stages.ready || isZero(x.random) !== (x.stage === stages.ready) || x.sdp.length > maxAnswerSDP) refuse('malformed')
  if (!same(x.ring, ring)) refuse('ring_hash')
  checkDescription(x.sdp, x.fingerprint, true)
}

/** CallKeys are what a ring and its answer agree on. */
export interface CallKeys {
  readonly th: Hash
  readonly toCallee: FrameKey
  readonly toCaller: FrameKey
  /** media is the root of what media keys may be made of. */
  readonly media: Secret
}

/** callKeys derives them from the two exporters' secrets and the two envelopes as they went over the wire. */
export async function callKeys(k1: Secret, k2: Secret, ring: Hash, answer: Hash): Promise<CallKeys> {
  const ikm = concat(k1, k2)
  const th = await hashOf('call/th', ring, answer)
  const part = (label: Bytes, n: number): Promise<Bytes> => kdf(ikm, th, label, n)
  return {
    th,
    toCallee: frameKey(await part(ds('call/frames', u8(1)), 44)),
    toCaller: frameKey(await part(ds('call/frames', u8(2)), 44)),
    media: asSecret(await part(ds('call/media'), 32)),
  }
}

/** ringEndKey is of what tells a device that rang the end of it, by the ring alone. */
export const ringEndKey = async (k1: Secret, ring: Hash): Promise<FrameKey> => frameKey(await kdf(k1, ring, ds('call/ring-end'), 44))

/** Side is one end of a leg, as the emoji know it. */
export interface Side {
  readonly acct: Acct
  readonly dev: Dev
  readonly fingerprint: Fingerprint
  /** random is r_c of the caller, r_r of the callee. */
  readonly random: Random
}

/** callEmoji returns the places of the four emoji. */
export async function callEmoji(k: CallKeys, caller: Side, callee: Side): Promise<Places> {
  const info = ds('sas', caller.acct, callee.acct, caller.dev, callee.dev, caller.fingerprint, callee.fingerprint)
  return sixes(await kdf(concat(caller.random, callee.random), k.th, info, 3))
}
