// A device log, verified from its genesis on.

import { type Bytes, compare, concat, ds, hex, isZero, same } from './bytes.ts'
import { deviceBody, type Draft, draftEntry, type Entry, entryHash, entryTypes, maxDevices, maxEntries, maxLogSize, readEntry, resetBody } from './entry.ts'
import { type Acct, acctOf, asSigningKey, type Dev, devOf, type Hash, type Head, type ID, noHash, type SigningKey } from './identity.ts'
import { type RootKey, type Signer, signingKeyHolds, verify } from './keys.ts'
import { refuse } from './reason.ts'

/** Device is one device of a log. */
export interface Device {
  readonly dev: Dev
  readonly key: SigningKey
  /** link says that it may add and revoke others. */
  readonly link: boolean
  readonly active: boolean
}

/** Facts are what a log's entries come to. */
interface Facts {
  readonly acct: Acct
  readonly root: SigningKey
  readonly backup: Hash
  readonly resetNo: number
  readonly next: Acct | undefined
  readonly devices: ReadonlyMap<string, Device>
}

/** Log is a device log that was verified. It does not change. */
export class Log {
  readonly account: ID
  readonly #raw: Bytes
  readonly #ends: readonly number[]
  readonly #chain: readonly Hash[]
  readonly #facts: Facts

  /** verifyLog makes logs, and nothing else does. */
  constructor(account: ID, raw: Bytes, ends: readonly number[], chain: readonly Hash[], facts: Facts) {
    this.account = account
    this.#raw = raw
    this.#ends = ends
    this.#chain = chain
    this.#facts = facts
  }

  get acct(): Acct {
    return this.#facts.acct
  }

  /** root is IK. */
  get root(): SigningKey {
    return this.#facts.root
  }

  /** backup is the hash of the key that backups are sealed to. */
  get backup(): Hash {
    return this.#facts.backup
  }

  /** resetNo is the number of the last reset, 0 where there was none. */
  get resetNo(): number {
    return this.#facts.resetNo
  }

  /** successor is the identity that the log names as the one after it. */
  get successor(): Acct | undefined {
    return this.#facts.next
  }

  /** bytes are the log as it came. */
  get bytes(): Bytes {
    return this.#raw.slice()
  }

  /** head is the place of the last entry. */
  get head(): Head {
    return this.at(this.#chain.length - 1)
  }

  /** at is the place of an entry; one that is not there refuses. */
  at(seq: number): Head {
    return { seq, hash: this.#chain[seq] ?? refuse('log_gap') }
  }

  /** contains tells whether the entry at a head's seq has its hash. */
  contains(h: Head): boolean {
    const hash = this.#chain[h.seq]
    return hash !== undefined && same(hash, h.hash)
  }

  /** device returns a device, active or not. */
  device(dev: Dev): Device | undefined {
    return this.#facts.devices.get(hex(dev))
  }

  /** active are the devices that are, in the order of their names. */
  get active(): readonly Device[] {
    return [...this.#facts.devices.values()].filter((d) => d.active).sort((a, b) => compare(a.dev, b.dev))
  }

  /** until are the bytes of the entries up to seq, to put a reset after. */
  until(seq: number): Bytes {
    return this.#raw.slice(0, this.#ends[seq] ?? refuse('log_gap'))
  }

  /** extend verifies the log with one entry more. This one stays as it is. */
  extend(entry: Bytes): Promise<Log> {
    return verifyLog(concat(this.#raw, entry), this.account)
  }

  #draft(by: Signer, type: number, ms: number, body: Bytes): Promise<Draft> {
    const { seq, hash } = this.head
    return draftEntry(by, { acct: this.acct, seq: seq + 1, prev: hash, ms }, type, body)
  }

  /** draftAdd begins an entry that adds a device. It wants a join. */
  draftAdd(by: Signer, key: SigningKey, link: boolean, ms: number): Promise<Draft> {
    return this.#draft(by, entryTypes.add, ms, deviceBody(key, link))
  }

  /** draftRevoke makes an entry that takes a device out for good. */
  draftRevoke(by: Signer, dev: Dev, ms: number): Promise<Draft> {
    return this.#draft(by, entryTypes.revoke, ms, dev)
  }

  /** draftSuccessor makes an entry that says which identity comes after this one. */
  draftSuccessor(by: Signer, next: Acct, ms: number): Promise<Draft> {
    return this.#draft(by, entryTypes.successor, ms, next)
  }

  /** draftReset makes an entry that stands after keep and names the devices that stay. It goes after until(keep). */
  async draftReset(by: RootKey, keep: number, stay: readonly Dev[], ms: number): Promise<Draft> {
    const prev = this.#chain[keep] ?? refuse('log_reset')
    if (stay.length > maxDevices) refuse('log_reset')
    const seconds = Math.floor(ms / 1000)
    const no = seconds > this.resetNo + 1 && seconds < 2 ** 32 ? seconds : this.resetNo + 1
    return draftEntry(by, { acct: this.acct, seq: keep + 1, prev, ms }, entryTypes.reset, resetBody(keep, no, stay))
  }
}

/** Build is a log while it is read. */
interface Build {
  readonly account: ID
  readonly chain: Hash[]
  readonly devices: Map<string, Device>
  acct: Acct
  root: SigningKey
  backup: Hash
  resetNo: number
  next: Acct | undefined
}

/** verifyLog reads a log and does all of the page's checks, for the account that was asked for. */
export async function verifyLog(from: Uint8Array, account: ID): Promise<Log> {
  if (from.length > maxLogSize) refuse('log_full')
  const raw = from.slice()
  const first = readEntry(raw)
  // Whether the first is a genesis is asked at its place, after what comes before that.
  const blank = { acct: first.acct, root: asSigningKey(new Uint8Array(32)), backup: noHash() }
  const l: Build = { account, chain: [], devices: new Map(), resetNo: 0, next: undefined, ...blank }
  const ends: number[] = []
  for (let at = 0; at < raw.length; ) {
    const x = at === 0 ? first : readEntry(raw.subarray(at))
    await place(l, x)
    await signed(l, x)
    await apply(l, x)
    l.chain.push(await entryHash(x))
    at += x.raw.length
    ends.push(at)
  }
  return new Log(account, raw, ends, l.chain, l)
}

/** place checks what an entry says of itself and of the one before. */
async function place(l: Build, x: Entry): Promise<void> {
  const n = l.chain.length
  if (n >= maxEntries) refuse('log_full')
  if (x.seq !== n) refuse('log_gap')
  const before = l.chain[n - 1]
  if (before === undefined) {
    const { says } = x
    if (says.type !== entryTypes.genesis || !isZero(x.by) || !isZero(x.prev) || !same(says.account, l.account)) refuse('log_genesis')
    if (!same(x.acct, await acctOf(says.account, says.root))) refuse('log_genesis')
    l.root = says.root
    l.backup = says.backup
    return
  }
  if (x.says.type === entryTypes.genesis || !same(x.acct, l.acct)) refuse('log_genesis')
  if (!same(x.prev, before)) refuse('log_fork')
  if (l.next !== undefined && x.says.type !== entryTypes.reset) refuse('log_ended')
}

/** signed checks the keys that an entry brings, who signed it and who joined. */
async function signed(l: Build, x: Entry): Promise<void> {
  const { says } = x
  if (says.type === entryTypes.genesis && !signingKeyHolds(says.root)) refuse('key_invalid')
  const joining = says.type === entryTypes.genesis || says.type === entryTypes.add ? says.key : undefined
  if (joining !== undefined && !signingKeyHolds(joining)) refuse('key_invalid')
  const signer = mayWrite(l, x)
  if (signer === undefined || !(await verify(signer, ds('log', x.e), x.sig))) refuse('log_signer')
  if (joining !== undefined && !(await verify(joining, ds('log-join', x.e), x.join))) refuse('log_join')
}

/** mayWrite returns the key of who may write such an entry. */
function mayWrite(l: Build, x: Entry): SigningKey | undefined {
  if (isZero(x.by)) return l.root
  const d = l.devices.get(hex(x.by))
  if (d?.active !== true) return undefined
  switch (x.says.type) {
    case entryTypes.add:
    case entryTypes.successor:
      return d.link ? d.key : undefined
    case entryTypes.revoke:
      return d.link || same(x.says.dev, x.by) ? d.key : undefined
    case entryTypes.genesis:
    case entryTypes.reset:
      return undefined // IK's alone
  }
}

const countActive = (l: Build): number => [...l.devices.values()].filter((d) => d.active).length

async function apply(l: Build, x: Entry): Promise<void> {
  const { says } = x
  switch (says.type) {
    case entryTypes.genesis:
    case entryTypes.add: {
      const dev = await devOf(l.acct, says.key)
      if (l.devices.has(hex(dev))) refuse('log_repeated')
      if (countActive(l) >= maxDevices) refuse('log_full')
      l.devices.set(hex(dev), { dev, key: says.key, link: says.link, active: true })
      return
    }
    case entryTypes.revoke: {
      const d = l.devices.get(hex(says.dev))
      if (d?.active !== true) return refuse('log_repeated')
      l.devices.set(hex(says.dev), { ...d, active: false })
      return
    }
    case entryTypes.reset:
      if (says.keep !== x.seq - 1 || says.resetNo <= l.resetNo) refuse('log_reset')
      reset(l, says.stay)
      l.resetNo = says.resetNo
      l.next = undefined
      return
    case entryTypes.successor:
      l.next = says.next
  }
}

function reset(l: Build, stay: readonly Dev[]): void {
  stay.forEach((dev, i) => {
    const before = stay[i - 1]
    if (l.devices.get(hex(dev))?.active !== true || (before !== undefined && compare(before, dev) >= 0)) refuse('log_reset')
  })
  const stays = new Set(stay.map(hex))
  for (const [name, d] of l.devices) l.devices.set(name, { ...d, active: stays.has(name) })
}
