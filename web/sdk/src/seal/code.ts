// Codes that a person copies: the recovery code, and the one of linking. A code
// is 128 random bits and 12 that check them, in Crockford's base32.

import { ascii, type Bytes, ds, type Is, isZero, kdf, labelled, none, random, same, sized } from './bytes.ts'
import { type ID, plainHash } from './identity.ts'
import { asSeed, publicOf, type Seed } from './kem.ts'
import { type RootKey, rootKeyFrom } from './keys.ts'
import { type Log } from './log.ts'
import { refuse } from './reason.ts'

const codeChars = 28
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const rounds = 600_000
const maxCodeInput = 256 // bytes of what was typed, spaces and hyphens included

/** CodeUse tells the two codes apart: neither is taken for the other. */
export type CodeUse = 'recovery' | 'link'

/** Code is a code's 16 bytes. */
export type Code = Is<'code'>

/** asCode takes 16 bytes for a code, and refuses others as malformed. */
export const asCode = sized('code', 16)

/** newCode makes a code. It is never chosen by a person. */
export const newCode = (): Code => random(16) as Code

const checkBits = (use: CodeUse, code: Bytes): Promise<Bytes> => labelled(`code/${use}`, code)

/** spellCode spells a code: 28 characters. */
export async function spellCode(use: CodeUse, code: Code): Promise<string> {
  const all = new Uint8Array(18)
  all.set(code)
  all.set((await checkBits(use, code)).subarray(0, 2), 16)
  let text = ''
  for (let i = 0; i < codeChars; i++) {
    let v = 0
    for (let j = i * 5; j < i * 5 + 5; j++) v = (v << 1) | (((all[j >> 3] ?? 0) >> (7 - (j & 7))) & 1)
    text += crockford.charAt(v)
  }
  return text
}

const typed = (c: string): string => (c === 'O' ? '0' : c === 'I' || c === 'L' ? '1' : c)

/**
 * readCode reads a code as a person types it: small or capital letters, O for
 * 0, I and L for 1, spaces and hyphens anywhere. What is wrong is refused as
 * code; which character it is can't be told.
 */
export async function readCode(use: CodeUse, text: string): Promise<Code> {
  if (text.length > maxCodeInput || ascii(text).length > maxCodeInput) refuse('code')
  const all = new Uint8Array(18)
  let n = 0
  for (const c of text) {
    if (c === ' ' || c === '-') continue
    const v = /^[0-9A-Za-z]$/.test(c) ? crockford.indexOf(typed(c.toUpperCase())) : -1
    if (v < 0 || n === codeChars) refuse('code')
    for (let j = 0; j < 5; j++) {
      const at = n * 5 + j
      all[at >> 3] = (all[at >> 3] ?? 0) | (((v >> (4 - j)) & 1) << (7 - (at & 7)))
    }
    n++
  }
  const code = all.slice(0, 16) as Code
  const check = await checkBits(use, code)
  if (n !== codeChars || all[16] !== check[0] || all[17] !== ((check[1] ?? 0) & 0xf0)) refuse('code')
  return code
}

/** Recovery is what a recovery code gives for one account. */
export interface Recovery {
  readonly root: RootKey
  readonly backup: Seed
  /** token is with what the hub gives the backup out. */
  readonly token: Bytes
}

/** recover derives it, which takes a while on purpose. Whether the code is this account's shows in checkOwner. */
export async function recover(code: Code, account: ID): Promise<Recovery> {
  const text = await crypto.subtle.importKey('raw', ascii(await spellCode('recovery', code)), 'PBKDF2', false, ['deriveBits'])
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt: ds('recovery', account), iterations: rounds }
  const rk = new Uint8Array(await crypto.subtle.deriveBits(how, text, 256))
  const part = (label: string): Promise<Bytes> => kdf(rk, none(), ds(label), 32)
  return { root: await rootKeyFrom(await part('rk/identity')), backup: asSeed(await part('rk/backup')), token: await part('rk/token') }
}

/** checkOwner refuses, as code, a Recovery that is another account's. */
export async function checkOwner(log: Log, r: Recovery): Promise<void> {
  if (isZero(r.backup) || !same(r.root.public, log.root)) refuse('code')
  if (!same(await plainHash(await publicOf(r.backup)), log.backup)) refuse('code')
}
