// Pins: whom a person took for a friend.

import { type Bytes, compare, concat, hex, isZero, Reader, same, u32, u64, u8 } from './bytes.ts'
import { type Acct, acctOf, asDev, asID, asSigningKey, type Dev, type Head, headBytes, type ID, readHead, type SigningKey } from './identity.ts'
import { checkSigningKey } from './keys.ts'
import { type Log, verifyLog } from './log.ts'
import { refuse } from './reason.ts'

/** pinSize is a pin's length in bytes; maxPins is how many fit a backup, maxContent how many bytes do, padding included. */
export const pinSize = 115
export const maxContent = 2 ** 20
export const maxPins = Math.floor(maxContent / pinSize)

/** how says how a pin came to be. */
export const how = { link: 1, scan: 2, name: 3, introducer: 4 } as const

/** verified says whether, and how, a person compared: the safety number or a scan, or the emoji. */
export const verified = { no: 0, number: 1, voice: 2 } as const

/** pinState says what the person wants of the pinned one. Only a friend is heard. */
export const pinState = { friend: 0, removed: 1, blocked: 2 } as const

/** Pin is an identity that a person took for a friend's, by an act of their own. Its Acct is computed, never told. */
export interface Pin {
  readonly account: ID
  readonly root: SigningKey
  readonly head: Head
  readonly resetNo: number
  readonly how: number
  readonly verified: number
  readonly state: number
  /** by is the own device on which it was done. */
  readonly by: Dev
  readonly ms: number
}

/** acctOfPin is the identity that is pinned. */
export const acctOfPin = (p: Pin): Promise<Acct> => acctOf(p.account, p.root)

/** pinBytes are a pin's 115 bytes. */
export const pinBytes = (p: Pin): Bytes =>
  concat(p.account, p.root, headBytes(p.head), u32(p.resetNo), u8(p.how), u8(p.verified), u8(p.state), p.by, u64(p.ms))

const byAccount = (a: Pin, b: Pin): number => compare(a.account, b.account)

/** pinsBytes are those of a list, in its one order. */
export const pinsBytes = (pins: readonly Pin[]): Bytes => concat(...[...pins].sort(byAccount).map(pinBytes))

/** readPins reads a list of pins: ascending by account, each account once. */
export function readPins(b: Bytes): readonly Pin[] {
  if (b.length % pinSize !== 0 || b.length / pinSize > maxPins) refuse('malformed')
  const pins: Pin[] = []
  const r = new Reader(b)
  while (r.left > 0) {
    const p = readPin(r)
    const before = pins.at(-1)
    if (before !== undefined && byAccount(before, p) >= 0) refuse('malformed')
    pins.push(p)
  }
  return pins
}

function readPin(r: Reader): Pin {
  const p = {
    account: r.fixed(asID), root: r.fixed(asSigningKey), head: readHead(r), resetNo: r.u32(),
    how: r.u8(), verified: r.u8(), state: r.u8(), by: r.fixed(asDev), ms: r.u64(),
  }
  if (r.isBad() || isZero(p.account) || p.how < how.link || p.how > how.introducer || p.verified > verified.voice || p.state > pinState.blocked) refuse('malformed')
  checkSigningKey(p.root)
  return p
}

/** Followed is a log that goes on from a pin, and the pin at its head. */
export interface Followed {
  readonly log: Log
  readonly pin: Pin
  /** reset says that a recovery changed the devices, which the person is to be told. */
  readonly reset: boolean
}

/**
 * followPin verifies a log against a pin. It refuses with log_rollback or
 * log_fork what goes back behind the pin, and with log_genesis another identity.
 */
export async function followPin(p: Pin, raw: Uint8Array): Promise<Followed> {
  const log = await verifyLog(raw, p.account)
  if (!same(log.acct, await acctOfPin(p))) refuse('log_genesis')
  if (log.resetNo < p.resetNo) refuse('log_rollback')
  const reset = log.resetNo > p.resetNo
  if (!reset && log.head.seq < p.head.seq) refuse('log_rollback')
  if (!reset && !log.contains(p.head)) refuse('log_fork')
  return { log, pin: { ...p, head: log.head, resetNo: log.resetNo }, reset }
}

/** mergePins lays what another own device told over what this one has: of two for one account the later is taken, and the newer head. */
export function mergePins(own: readonly Pin[], told: readonly Pin[]): readonly Pin[] {
  const all = new Map(own.map((p) => [hex(p.account), p]))
  for (const p of told) {
    const have = all.get(hex(p.account))
    all.set(hex(p.account), have === undefined ? p : newer(have, p))
  }
  return [...all.values()].sort(byAccount)
}

function newer(have: Pin, told: Pin): Pin {
  const later = told.ms > have.ms || (told.ms === have.ms && compare(pinBytes(told), pinBytes(have)) > 0)
  const [win, lose] = later ? [told, have] : [have, told]
  const ahead = lose.resetNo > win.resetNo || (lose.resetNo === win.resetNo && lose.head.seq > win.head.seq)
  return same(win.root, lose.root) && ahead ? { ...win, head: lose.head, resetNo: lose.resetNo } : win
}

/** distrust takes verified from each pin that was made or changed on dev, which is done when that own device is revoked, and tells whose were. */
export function distrust(pins: readonly Pin[], dev: Dev): { readonly pins: readonly Pin[]; readonly touched: readonly ID[] } {
  return {
    pins: pins.map((p) => (same(p.by, dev) ? { ...p, verified: verified.no } : p)),
    touched: pins.filter((p) => same(p.by, dev)).map((p) => p.account),
  }
}
