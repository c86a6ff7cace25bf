// Bytes as docs/crypto.md writes them: what is put together, taken apart,
// hashed and derived. All of the hashing is the platform's.

import { refuse } from './reason.ts'

/** Bytes are what Web Crypto takes: never of memory that another thread shares. */
export type Bytes = Uint8Array<ArrayBuffer>

declare const kind: unique symbol

/** Is tells bytes of one meaning from those of another. */
export type Is<K extends string> = Bytes & { readonly [kind]: K }

/** maxNumber is what every u64 stays below, so that a number holds it. */
export const maxNumber = 2 ** 53

const utf8 = new TextEncoder()

/** ascii returns the bytes of a text. */
export const ascii = (text: string): Bytes => utf8.encode(text)

/** concat joins. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const p of parts) {
    all.set(p, at)
    at += p.length
  }
  return all
}

/** ds returns a label as it stands before what is hashed or signed, followed by the parts. */
export const ds = (label: string, ...parts: readonly Uint8Array[]): Bytes => concat(ascii(`ringfence/v1/${label}\0`), ...parts)

/** u8, u16, u32 and u64 are numbers in one, two, four and eight bytes. */
export const u8 = (v: number): Bytes => Uint8Array.of(v)
export const u16 = (v: number): Bytes => Uint8Array.of(v >>> 8, v)
export const u32 = (v: number): Bytes => Uint8Array.of(v >>> 24, v >>> 16, v >>> 8, v)
export const u64 = (v: number): Bytes => concat(u32(Math.floor(v / 2 ** 32)), u32(v % 2 ** 32))

/** v16 and v32 are a length, then what has it. */
export const v16 = (x: Uint8Array): Bytes => concat(u16(x.length), x)
export const v32 = (x: Uint8Array): Bytes => concat(u32(x.length), x)

/** isNumber tells whether a number can stand in a u64 of these formats. */
export const isNumber = (v: number): boolean => Number.isSafeInteger(v) && v >= 0

/** isZero tells whether all bytes are 0, in the time that their number takes. */
export const isZero = (b: Uint8Array): boolean => b.reduce((or, x) => or | x, 0) === 0

/** same compares in the time that the length takes. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let differ = 0
  for (let i = 0; i < a.length; i++) differ |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return differ === 0
}

/** compare orders bytes as numbers with the highest first. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length)
  for (let i = 0; i < n; i++) {
    const d = (a[i] ?? 0) - (b[i] ?? 0)
    if (d !== 0) return d
  }
  return a.length - b.length
}

/** hex spells bytes, as keys of a map for instance. */
export function hex(b: Uint8Array): string {
  let text = ''
  for (const x of b) text += x.toString(16).padStart(2, '0')
  return text
}

/** random is n bytes of the system's randomness. */
export const random = (n: number): Bytes => crypto.getRandomValues(new Uint8Array(n))

/** Sized takes bytes of one length for those of one meaning, and refuses others as malformed. */
export interface Sized<K extends string> {
  (b: Uint8Array): Is<K>
  readonly means: K
  readonly size: number
}

/** sized makes one. */
export function sized<const K extends string>(means: K, size: number): Sized<K> {
  return Object.assign((b: Uint8Array) => (b.length === size ? (b.slice() as Is<K>) : refuse('malformed')), { means, size })
}

/** sha256 is H. */
export async function sha256(b: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', b))
}

/** labelled is H(DS(label) ‖ parts). */
export const labelled = (label: string, ...parts: readonly Uint8Array[]): Promise<Bytes> => sha256(ds(label, ...parts))

/** hmac is HMAC-SHA256. */
export async function hmac(key: Bytes, message: Bytes): Promise<Bytes> {
  const k = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', k, message))
}

/** mac is MAC(key, DS(label) ‖ parts). */
export const mac = (key: Bytes, label: string, ...parts: readonly Uint8Array[]): Promise<Bytes> => hmac(key, ds(label, ...parts))

/** kdf is HKDF-SHA256, n bytes of it. */
export async function kdf(ikm: Bytes, salt: Bytes, info: Bytes, n: number): Promise<Bytes> {
  const k = await crypto.subtle.importKey('raw', ikm, 'HKDF', false, ['deriveBits'])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, k, n * 8))
}

/** none is no bytes at all. */
export const none = (): Bytes => new Uint8Array(0)

/**
 * Reader takes values off the front of bytes from elsewhere. After the first
 * that is not there it is bad and gives zeros, so that one look at the end of
 * a form is enough.
 */
export class Reader {
  readonly #all: Bytes
  #at = 0
  #bad = false

  constructor(b: Bytes) {
    this.#all = b
  }

  /** at is how much was taken. */
  get at(): number {
    return this.#at
  }

  /** left is how much is there still. */
  get left(): number {
    return this.#all.length - this.#at
  }

  /** isBad tells whether something was not there, or too long. */
  isBad(): boolean {
    return this.#bad
  }

  /** done tells whether all was there, and nothing is left. */
  get done(): boolean {
    return !this.#bad && this.left === 0
  }

  /** rest is what was not taken. */
  get rest(): Bytes {
    return this.#all.subarray(this.#at)
  }

  /** take takes n bytes, and none where fewer are there. */
  take(n: number): Bytes {
    if (this.#bad || n > this.left) {
      this.#bad = true
      return none()
    }
    this.#at += n
    return this.#all.subarray(this.#at - n, this.#at)
  }

  /** fixed takes bytes of one meaning, and gives zeros where they are not there. */
  fixed<K extends string>(as: Sized<K>): Is<K> {
    const x = this.take(as.size)
    return as(x.length === as.size ? x : new Uint8Array(as.size))
  }

  #number(n: number): number {
    return this.take(n).reduce((v, x) => v * 256 + x, 0)
  }

  u8(): number {
    return this.#number(1)
  }

  u16(): number {
    return this.#number(2)
  }

  u32(): number {
    return this.#number(4)
  }

  u64(): number {
    const v = this.#number(8)
    if (v >= maxNumber) this.#bad = true
    return v
  }

  v16(): Bytes {
    return this.take(this.u16())
  }

  /** v32 takes what has its length in four bytes, which must not be above most. */
  v32(most: number): Bytes {
    const n = this.u32()
    if (n > most) this.#bad = true
    return this.take(n)
  }
}
