// The keys and the replay cache of one device.

import { hex, same } from './bytes.ts'
import { type Acct, type Dev, type Hash, type ID } from './identity.ts'
import { type Key, keySorts, type Opened, type Seen } from './open.ts'
import { graceAfter } from './prekey.ts'
import { refuse } from './reason.ts'

/** The bounds of the replay cache: entries of one sending device, and of one account. */
export const maxSeenPerDevice = 20_000
export const maxSeenPerAccount = 60_000

const keptAfterKey = graceAfter // ms that an entry outlives its key

interface Entry {
  readonly hash: Hash
  readonly until: number
}

interface OfDevice {
  readonly acct: string
  readonly entries: Map<string, Entry>
}

/** usedUp is a key after it opened something that uses it up: its seed is gone. */
export const usedUp = (k: Key): Key => (k.oneTime || k.sort !== keySorts.prekey ? { ...k, seed: undefined, used: true } : k)

/** keptUntil is until when the replay cache has what a key opened. */
export const keptUntil = (k: Key, now: number): number =>
  (k.oneTime || k.sort !== keySorts.prekey ? now : Math.max(now, k.notAfter + graceAfter)) + keptAfterKey

/** checkUnused refuses a key that is gone, or was used while another envelope was opened. */
export function checkUnused(k: Key | undefined): Key {
  if (k === undefined) return refuse('prekey_unknown')
  if (k.used) refuse(k.sort === keySorts.ring ? 'answer_twice' : 'prekey_used')
  return k
}

/** keyEnd is when a key is to be forgotten: its seed, and that it was used. */
export const keyEnd = (k: Key): number => k.notAfter + (k.sort === keySorts.prekey || k.used ? graceAfter : 0)

/**
 * State holds them in memory. Its commit is the page's one transaction: it
 * runs to its end before anything else does. A client that keeps them
 * elsewhere does the same there.
 */
export class State {
  readonly #keys = new Map<string, Key>()
  readonly #seen = new Map<string, OfDevice>()
  readonly #accounts = new Map<string, number>()

  /** addKey puts in a key by its public half's name. */
  addKey(pkid: Hash, k: Key): void {
    this.#keys.set(hex(pkid), k)
  }

  /** key is Own.key. */
  key(pkid: Hash): Key | undefined {
    return this.#keys.get(hex(pkid))
  }

  /** seen is Own.seen. */
  seen(dev: Dev, env: ID): Seen {
    const of = this.#seen.get(hex(dev))
    return { hash: of?.entries.get(hex(env))?.hash, room: this.#room(dev, of?.acct) }
  }

  #room(dev: Dev, acct: string | undefined): boolean {
    const n = this.#seen.get(hex(dev))?.entries.size ?? 0
    return n < maxSeenPerDevice && (this.#accounts.get(acct ?? '') ?? 0) < maxSeenPerAccount
  }

  /** commit uses up what was opened, or refuses it where another was faster. */
  commit(o: Opened, now: number): void {
    const before = this.#seen.get(hex(o.fromDev))?.entries.get(hex(o.env))
    if (before !== undefined) refuse(same(before.hash, o.hash) ? 'replay' : 'conflict')
    if (!this.#room(o.fromDev, hex(o.acct))) refuse('replay_full')
    const k = checkUnused(this.key(o.pkid))
    this.#keys.set(hex(o.pkid), usedUp(k))
    this.#note(o.fromDev, o.acct, o.env, { hash: o.hash, until: keptUntil(k, now) })
  }

  #note(dev: Dev, acct: Acct, env: ID, entry: Entry): void {
    const of = this.#seen.get(hex(dev)) ?? { acct: hex(acct), entries: new Map<string, Entry>() }
    of.entries.set(hex(env), entry)
    this.#seen.set(hex(dev), of)
    this.#accounts.set(of.acct, (this.#accounts.get(of.acct) ?? 0) + 1)
  }

  /** sweep forgets what is past its time: seeds, the memory of those that were used, and entries of the replay cache, none of them early. */
  sweep(now: number): void {
    for (const [id, k] of this.#keys) if (now > keyEnd(k)) this.#keys.delete(id)
    for (const [dev, of] of this.#seen) {
      for (const [env, e] of of.entries) {
        if (now <= e.until) continue
        of.entries.delete(env)
        const left = (this.#accounts.get(of.acct) ?? 1) - 1
        if (left > 0) this.#accounts.set(of.acct, left)
        else this.#accounts.delete(of.acct)
      }
      if (of.entries.size === 0) this.#seen.delete(dev)
    }
  }
}
