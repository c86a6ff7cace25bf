// The frames of a call: their form, and how one direction is sealed and opened.

import { type Bytes, concat, type Is, isZero, Reader, same, sized, u16, u32, u8, v32 } from './bytes.ts'
import { openGCM, sealGCM, tagSize } from './hpke.ts'
import { asDev, asID, asRandom, type Dev, type ID, type Random } from './identity.ts'
import { refuse } from './reason.ts'

const header = 23
const small = 512
const large = 16384

/** maxLeg is the highest leg of a call. */
export const maxLeg = 7

/** Lengths of frames, in bytes, and how many of them one direction of a leg has at most. */
export const frameSize = header + small + tagSize
export const sdpFrameSize = header + large + tagSize
export const maxFrameSDP = large - 5 - 4
export const maxCandidate = 504
export const maxFrames = 2 ** 20

/** directions say which way a frame goes; ringEnd is to a device that rang and did not answer. */
export const directions = { toCallee: 1, toCaller: 2, ringEnd: 3 } as const

/** Direction is one of them. */
export type Direction = (typeof directions)[keyof typeof directions]

/** frameTypes say what a frame tells. */
export const frameTypes = { reveal: 0, sdp: 1, candidate: 2, media: 3, accept: 4, end: 5, moved: 6 } as const

/** Frame is one of a call's frames, open. */
export type Frame =
  | { readonly type: 0; readonly random: Random } // r_c
  | { readonly type: 1; readonly conn: number; readonly gen: number; readonly offer: boolean; readonly text: Bytes }
  | { readonly type: 2; readonly conn: number; readonly gen: number; readonly text: Bytes }
  | { readonly type: 3; readonly sends: number } // 1 sound, 2 picture
  | { readonly type: 4; readonly media: number; readonly random: Random } // r_r
  | { readonly type: 5; readonly reason: number } // 1 over, 2 answered elsewhere, 3 cancelled
  | { readonly type: 6; readonly leg: number; readonly dev: Dev }

const sizeOf = (type: number): number => (type === frameTypes.sdp ? large : small)

/** frameData is what a frame holds behind its type. */
export function frameData(f: Frame): Bytes {
  switch (f.type) {
    case 0:
      return f.random
    case 1:
      return concat(u8(f.conn), u16(f.gen), u8(f.offer ? 1 : 0), f.text)
    case 2:
      return concat(u8(f.conn), u16(f.gen), f.text)
    case 3:
      return u8(f.sends)
    case 4:
      return concat(u8(f.media), f.random)
    case 5:
      return u8(f.reason)
    case 6:
      return concat(u8(f.leg), f.dev)
  }
}

/** readFrame reads the data of a type; leg is the one it came on. It is undefined for what does not hold. */
export function readFrame(type: number, data: Bytes, leg: number): Frame | undefined {
  const r = new Reader(data)
  const f = frameFrom(type, r, leg)
  return r.done ? f : undefined
}

function frameFrom(type: number, r: Reader, on: number): Frame | undefined {
  switch (type) {
    case 0:
      return { type, random: r.fixed(asRandom) }
    case 1: {
      const [conn, gen, offer] = [r.u8(), r.u16(), r.u8()]
      return conn <= 1 && offer <= 1 ? { type, conn, gen, offer: offer === 1, text: r.take(r.left) } : undefined
    }
    case 2: {
      const [conn, gen, text] = [r.u8(), r.u16(), r.take(r.left)]
      return conn <= 1 && text.length <= maxCandidate ? { type, conn, gen, text } : undefined
    }
    case 3: {
      const sends = r.u8()
      return sends <= 3 ? { type, sends } : undefined
    }
    case 4: {
      const media = r.u8()
      return media === 1 || media === 2 ? { type, media, random: r.fixed(asRandom) } : undefined
    }
    case 5: {
      const reason = r.u8()
      return reason >= 1 && reason <= 3 ? { type, reason } : undefined
    }
    case 6: {
      const leg = r.u8()
      return leg > on && leg <= maxLeg ? { type, leg, dev: r.fixed(asDev) } : undefined
    }
    default:
      return undefined
  }
}

/** FrameKey is the key and the start of nonces of one direction, 44 bytes. */
export type FrameKey = Is<'frame key'>

/** frameKey takes 44 bytes for one, and refuses others as malformed. */
export const frameKey = sized('frame key', 44)

/** Leg says of which call and leg frames are. */
export interface Leg {
  readonly call: ID
  readonly leg: number
}

const headerOf = (l: Leg, dir: Direction, seq: number): Bytes => concat(u8(1), l.call, u8(l.leg), u8(dir), u32(seq))

const keyOf = (k: FrameKey): Bytes => (isZero(k.subarray(0, 32)) ? refuse('frame_open') : k.slice(0, 32))

function nonceOf(k: FrameKey, seq: number): Bytes {
  const n = k.slice(32)
  u32(seq).forEach((x, i) => (n[8 + i] = (n[8 + i] ?? 0) ^ x))
  return n
}

/**
 * FrameSealer seals the frames of one direction. It never seals a number
 * twice; the caller keeps what it gave and sends those bytes again after a
 * loss.
 */
export class FrameSealer {
  readonly #leg: Leg
  readonly #dir: Direction
  readonly #key: FrameKey
  #seq = 0

  constructor(leg: Leg, dir: Direction, key: FrameKey) {
    this.#leg = leg
    this.#dir = dir
    this.#key = key
  }

  /** seal seals the next frame. After maxFrames it refuses with frame_gap, and a new leg is due; towards the end of a ring there is one frame, of type end. */
  async seal(f: Frame): Promise<Bytes> {
    const data = frameData(f)
    const size = sizeOf(f.type)
    if (readFrame(f.type, data, this.#leg.leg) === undefined || 5 + data.length > size) refuse('malformed')
    const toEnd = this.#dir === directions.ringEnd
    if (toEnd && f.type !== frameTypes.end) refuse('frame_rule')
    if (this.#seq >= (toEnd ? 1 : maxFrames)) refuse('frame_gap')
    const seq = this.#seq++ // before a byte is made: a number that failed is not used again
    const pt = new Uint8Array(size)
    pt.set(concat(u8(f.type), v32(data)))
    const head = headerOf(this.#leg, this.#dir, seq)
    return concat(head, await sealGCM(keyOf(this.#key), nonceOf(this.#key, seq), head, pt))
  }
}

/** FrameOpener opens the frames of one direction in their order, one after the other whatever the caller waits for. Whatever it refuses, other than frame_old, ends the leg. */
export class FrameOpener {
  readonly #leg: Leg
  readonly #dir: Direction
  readonly #key: FrameKey
  #next: number
  #busy: Promise<unknown> = Promise.resolve()

  /** next is the number that the first frame has: that of the vectors; a leg begins with 0. */
  constructor(leg: Leg, dir: Direction, key: FrameKey, next = 0) {
    this.#leg = leg
    this.#dir = dir
    this.#key = key
    this.#next = next
  }

  /** open opens the next frame. Whether the other side may send this type now is for LegRules. */
  open(raw: Uint8Array): Promise<Frame> {
    const mine = raw.slice()
    const turn = this.#busy.then(() => this.#open(mine))
    this.#busy = turn.catch(() => undefined)
    return turn
  }

  async #open(raw: Bytes): Promise<Frame> {
    if (raw.length !== frameSize && raw.length !== sdpFrameSize) refuse('malformed')
    const head = raw.subarray(0, header)
    this.#checkHeader(new Reader(head))
    const pt = await openGCM(keyOf(this.#key), nonceOf(this.#key, this.#next), head, raw.subarray(header))
    if (pt === undefined) return refuse('frame_open')
    this.#next++
    const r = new Reader(pt)
    const type = r.u8()
    const data = r.v32(large)
    if (r.isBad() || type > frameTypes.moved) refuse('malformed')
    if (pt.length !== sizeOf(type)) refuse('bucket')
    if (!isZero(r.rest)) refuse('padding')
    const f = readFrame(type, data, this.#leg.leg) ?? refuse('malformed')
    if (this.#dir === directions.ringEnd && f.type !== frameTypes.end) refuse('frame_rule')
    return f
  }

  #checkHeader(r: Reader): void {
    if (r.u8() !== 1) refuse('version')
    const call = r.fixed(asID)
    if (!same(call, this.#leg.call) || r.u8() !== this.#leg.leg) refuse('frame_other')
    if (r.u8() !== this.#dir) refuse('frame_direction')
    const seq = r.u32()
    if (seq < this.#next) refuse('frame_old')
    if (seq > this.#next || seq >= (this.#dir === directions.ringEnd ? 1 : maxFrames)) refuse('frame_gap')
  }
}
