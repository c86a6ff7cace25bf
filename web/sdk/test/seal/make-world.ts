// Two people with devices, made of fixed seeds, for the vectors that are made
// here. No secret of theirs was ever anybody's.

import { ascii, type Bytes, hex, sha256 } from '../../src/seal/bytes.ts'
import {
  asDev, asFingerprint, asID, asRandom, asSeed, type Dev, type DeviceKey, devOf, entryBytes, type Fingerprint, type ID, joinEntry, type Log, newLog,
  type Random, type RootKey, type Seed, verifyLog,
} from '../../src/seal/index.ts'
import { deviceKeyFrom, rootKeyFrom } from '../../src/seal/keys.ts'

/** now is when everything happens, in milliseconds since 1970. */
export const now = 1_790_000_000_000

/** of gives 32 bytes that a word stands for. */
export const of = (word: string): Promise<Bytes> => sha256(ascii(`vectors made here: ${word}`))

export const idOf = async (word: string): Promise<ID> => asID((await of(word)).slice(0, 16))
export const randomOf = async (word: string): Promise<Random> => asRandom(await of(word))
export const seedOf = async (word: string): Promise<Seed> => asSeed(await of(word))
export const fingerprintOf = async (word: string): Promise<Fingerprint> => asFingerprint(await of(word))

/** long gives 64 bytes. */
export async function longOf(word: string): Promise<Bytes> {
  const both = new Uint8Array(64)
  both.set(await of(`${word}, one`))
  both.set(await of(`${word}, two`), 32)
  return both
}

export interface Person {
  readonly account: ID
  readonly root: RootKey
  readonly rootSeed: Bytes
  readonly backup: Seed
  readonly phone: DeviceKey
  readonly laptop: DeviceKey
  readonly phoneDev: Dev
  readonly laptopDev: Dev
  /** first is the log with the phone alone, log the one with the laptop, without the one in which the laptop is gone. */
  readonly first: Log
  readonly log: Log
  readonly without: Log
}

/** person makes one: a phone, then a laptop that it linked, then the laptop revoked. */
export async function person(name: string): Promise<Person> {
  const account = await idOf(`${name}, account`)
  const rootSeed = await of(`${name}, root`)
  const root = await rootKeyFrom(rootSeed)
  const backup = await seedOf(`${name}, backup`)
  const phone = await deviceKeyFrom(await of(`${name}, phone`))
  const laptop = await deviceKeyFrom(await of(`${name}, laptop`))
  const first = await verifyLog(await newLog(account, root, backup, phone, now - 3_000_000), account)
  const added = await first.draftAdd(phone, laptop.public, false, now - 2_000_000)
  const log = await first.extend(entryBytes(added, await joinEntry(added.e, laptop)))
  const laptopDev = asDev(await devOf(log.acct, laptop.public))
  const without = await log.extend(entryBytes(await log.draftRevoke(phone, laptopDev, now - 1_000_000)))
  return { account, root, rootSeed, backup, phone, laptop, phoneDev: asDev(await devOf(log.acct, phone.public)), laptopDev, first, log, without }
}

/** logIn is a log as a vector has it. */
export const logIn = (l: Log): { readonly log: string; readonly account: string } => ({ log: hex(l.bytes), account: hex(l.account) })
