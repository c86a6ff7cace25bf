// Texts of the wire: base64url of bytes, and identifiers in base32.

import { Malformed } from './read.ts'
import { parseStrict } from './strict.ts'

const utf8 = new TextEncoder()
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
const idBytes = 16
const idPattern = /^[a-z2-7]{25}[aeimquy4]$/
const zeroId = /^a+$/

/** toBase64url encodes without padding. */
export function toBase64url(bytes: Uint8Array): string {
  let binary = ''
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** fromBase64url decodes the one spelling that bytes have; others give undefined. */
export function fromBase64url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0))
  return toBase64url(bytes) === text ? bytes : undefined
}

/** sealJSON turns a value into the text of a body. */
export function sealJSON(value: unknown): string {
  return toBase64url(utf8.encode(JSON.stringify(value)))
}

/**
 * openJSON undoes sealJSON, and takes nothing for an empty object. It throws
 * Malformed for text that is not base64url of one strict JSON value.
 */
export function openJSON(text: string): unknown {
  if (text === '') return {}
  const bytes = fromBase64url(text)
  if (bytes === undefined) throw new Malformed('not base64url')
  return parseStrict(decode(bytes))
}

function decode(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    throw new Malformed('not UTF-8')
  }
}

/** spellId is the one spelling of 16 bytes: base32 in lower case without padding. */
export function spellId(bytes: Uint8Array): string {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet.charAt((held >>> (bits - 5)) & 31)
    held &= (1 << bits) - 1
  }
  return bits > 0 ? text + alphabet.charAt((held << (5 - bits)) & 31) : text
}

/** newId makes a random identifier. */
export function newId(): string {
  return spellId(crypto.getRandomValues(new Uint8Array(idBytes)))
}

/** isId tells whether a text is the spelling of an identifier that names something. */
export function isId(text: unknown): text is string {
  return typeof text === 'string' && idPattern.test(text) && !zeroId.test(text)
}
