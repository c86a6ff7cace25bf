// Vectors of what is sealed: cases of signal/seal/testdata/vectors, and typed
// fields of their JSON. A field that a vector does not have is a fault of the
// vector, and throws.

import { type Bytes, hex } from '../../src/seal/bytes.ts'
import { type Head, headBytes } from '../../src/seal/identity.ts'
import { type Log, verifyLog } from '../../src/seal/log.ts'
import { asDev, asHash, asID, type Dev, type Hash, type ID } from '../../src/seal/index.ts'

export type Obj = Readonly<Record<string, unknown>>

export interface Case {
  readonly name: string
  readonly op: string
  readonly in: Obj
  readonly out?: Obj
  readonly reason?: string
}

export interface VectorFile {
  readonly made_by: string
  readonly cases: readonly Case[]
}

/** bytes reads hexadecimal. */
export function bytes(text: string): Bytes {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error('no hexadecimal')
  return Uint8Array.from(text.match(/../g) ?? [], (x) => parseInt(x, 16))
}

export const headHex = (h: Head): string => hex(headBytes(h))

export class Vector {
  readonly obj: Obj

  constructor(obj: Obj) {
    this.obj = obj
  }

  #field<T>(k: string, is: (v: unknown) => v is T): T {
    const v = this.obj[k]
    if (!is(v)) throw new Error(`the vector has no right ${k}`)
    return v
  }

  s(k: string): string {
    return this.#field(k, (v) => typeof v === 'string')
  }

  n(k: string): number {
    return this.#field(k, (v) => typeof v === 'number')
  }

  b(k: string): Bytes {
    return bytes(this.s(k))
  }

  yes(k: string): boolean {
    return this.obj[k] === true
  }

  id(k: string): ID {
    return asID(this.b(k))
  }

  dev(k: string): Dev {
    return asDev(this.b(k))
  }

  h(k: string): Hash {
    return asHash(this.b(k))
  }

  sub(k: string): Vector {
    return new Vector(this.#field(k, (v): v is Obj => typeof v === 'object' && v !== null))
  }

  list(k: string): readonly Vector[] {
    return this.texts(k).map((x) => new Vector(x as Obj))
  }

  texts(k: string): readonly unknown[] {
    return this.#field(k, (v): v is readonly unknown[] => Array.isArray(v))
  }

  /** log verifies the log in field k: in the ops that take one it holds. */
  async log(k: string): Promise<Log> {
    const x = this.sub(k)
    return verifyLog(x.b('log'), x.id('account'))
  }

  async maybeLog(k: string): Promise<Log | undefined> {
    return this.obj[k] === null ? undefined : this.log(k)
  }
}
