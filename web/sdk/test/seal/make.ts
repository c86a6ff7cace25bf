// Vectors made here, which Go opens, and refuses for the same reason. The same
// bytes come out each time.

import { type Bytes, concat, hex, none, u8 } from '../../src/seal/bytes.ts'
import { callKeys, ringBody, answerBody, commitment, FrameSealer, wireHash } from '../../src/seal/index.ts'
import * as seal from '../../src/seal/index.ts'
import { run } from './check.ts'
import { fingerprintOf, idOf, logIn, longOf, now, of, person, type Person, randomOf, seedOf } from './make-world.ts'
import { type Case, type Obj, type VectorFile } from './vector.ts'

/** Maker collects cases; what comes out of each is what this side says, and Go has to agree. */
class Maker {
  readonly cases: Case[] = []

  async add(name: string, op: string, fields: Obj, wanted?: seal.Reason): Promise<void> {
    const { out, reason } = await run({ op, in: fields })
    if (reason !== wanted) throw new Error(`${name}: ${reason ?? 'taken'}, wanted ${wanted ?? 'taken'}`)
    this.cases.push({ name, op, in: fields, ...(out === undefined ? {} : { out }), ...(reason === undefined ? {} : { reason }) })
  }
}

const flip = (b: Bytes, at: number): Bytes => {
  const other = b.slice()
  const i = at < 0 ? b.length + at : at
  other[i] = (other[i] ?? 0) ^ 1
  return other
}

const sdpOf = (fp: Bytes): Bytes => new TextEncoder().encode([
  'v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'c=IN IP4 0.0.0.0',
  `a=fingerprint:sha-256 ${(hex(fp).toUpperCase().match(/../g) ?? []).join(':')}`, '',
].join('\r\n'))

async function logs(m: Maker, a: Person, b: Person): Promise<void> {
  await m.add('a log with one device', 'log', logIn(a.first))
  await m.add('a log with two', 'log', logIn(a.log))
  await m.add('a log with one revoked', 'log', logIn(a.without))
  const reset = await a.without.draftReset(a.root, 1, [a.phoneDev], now)
  const cut = concat(a.without.until(1), seal.entryBytes(reset))
  await m.add('a log that was reset', 'log', { log: hex(cut), account: hex(a.account) })
  const next = await a.without.extend(seal.entryBytes(await a.without.draftSuccessor(a.phone, b.log.acct, now)))
  await m.add('a log with a successor', 'log', logIn(next))
  await m.add('a log of another account', 'log', { log: hex(a.log.bytes), account: hex(b.account) }, 'log_genesis')
  const pin = pinOf(a, a.first)
  await m.add('a pin follows', 'follow', { pin: hex(seal.pinBytes(pin)), log: hex(a.without.bytes) })
  await m.add('a pin does not go back', 'follow', { pin: hex(seal.pinBytes({ ...pin, head: a.log.head })), log: hex(a.first.bytes) }, 'log_rollback')
  await m.add('pins', 'pins', { pins: hex(seal.pinsBytes([pin, pinOf(b, b.log)])) })
}

const pinOf = (p: Person, l: seal.Log): seal.Pin => ({
  account: p.account, root: p.root.public, head: l.head, resetNo: 0, how: seal.how.link, verified: seal.verified.no, state: seal.pinState.friend, by: p.phoneDev, ms: now,
})

async function friends(m: Maker, a: Person, b: Person): Promise<void> {
  const secret = seal.asInviteSecret(await idOf('an invitation'))
  await m.add('a link', 'link', { text: seal.spellLink({ acct: a.log.acct, head: a.log.head, secret }) })
  const request = await seal.newRequest(b.log, b.phone, a.log.acct, secret, now + 1000, await idOf('a request'))
  const asked = { me: hex(a.log.acct), theirs: logIn(b.log), secrets: [hex(await idOf('another')), hex(secret)], now }
  await m.add('a request by a link', 'request', { ...asked, request: hex(request) })
  const byName = await seal.newRequest(b.log, b.laptop, a.log.acct, undefined, now + 1000, await idOf('another request'))
  await m.add('a request by a name', 'request', { ...asked, request: hex(byName) })
  await m.add('a request with a signature that is none', 'request', { ...asked, request: hex(flip(request, -40)) }, 'request')
  await m.add('a request that is over', 'request', { ...asked, request: hex(request), now: now + 1001 }, 'request_expired')
  const accept = await seal.newAccept(a.log, a.phone, request, now)
  await m.add('an accept', 'accept', { accept: hex(accept), request: hex(request), theirs: logIn(a.log) })
  await m.add('an accept of another request', 'accept', { accept: hex(accept), request: hex(byName), theirs: logIn(a.log) }, 'accept')
  await m.add('a scan', 'scan', { scan: hex(seal.scanCode(b.log, a.log.acct)), me: hex(a.log.acct), theirs: logIn(b.log) })
  await m.add('a safety number', 'safety', { a: hex(a.account), a_root: hex(a.root.public), b: hex(b.account), b_root: hex(b.root.public) })
}

interface Rung {
  readonly ring: seal.Sealed
  readonly answer: seal.Sealed
}

async function envelopes(m: Maker, a: Person, b: Person): Promise<Rung> {
  const notAfter = now + 1_000_000
  const seed = await seedOf('a prekey')
  const { raw } = await seal.newPrekey(b.log, b.phone, seal.prekeyTypes.oneTime, now - 1000, notAfter, seed)
  const last = await seal.newPrekey(b.log, b.phone, seal.prekeyTypes.lastResort, now - 1000, notAfter, await seedOf('a last prekey'))
  const given = { pinned: logIn(b.log), dev: hex(b.phoneDev), known_pkid: hex(new Uint8Array(32)), known_created: 0, now }
  await m.add('a prekey', 'prekey', { ...given, prekey: hex(raw) })
  await m.add('a prekey of last resort', 'prekey', { ...given, prekey: hex(last.raw) })
  await m.add('a prekey of another device', 'prekey', { ...given, prekey: hex(raw), dev: hex(b.laptopDev) }, 'prekey_device')
  await m.add('a prekey that is over', 'prekey', { ...given, prekey: hex(raw), now: notAfter + 1 }, 'prekey_dates')

  const call = await idOf('a call')
  const fp = await fingerprintOf('the certificate of the caller')
  const ringSeed = await seedOf('the key of a ring')
  const rc = await randomOf('the part of the caller')
  const cm = await commitment(call, 0, b.phoneDev, rc)
  const body = ringBody({ call, leg: 0, media: 2, ekp: await seal.publicOf(ringSeed), commit: cm, fingerprint: fp, sdp: sdpOf(fp) })
  await m.add('what a ring says', 'ring', { body: hex(body), call: hex(call) })
  const message = { kind: seal.kinds.ring, ctype: 0, to: b.log, toDev: b.phoneDev, pub: await seal.publicOf(seed), ms: now, last: seal.noneKnown(), body }
  const ring = await seal.sealEnvelope(a.log, a.phone, message, await chance('a ring'))
  const key = { pkid: hex(await seal.pkidOf(message.pub)), sort: 1, one_time: true, seed: hex(seed), used: false, not_after: notAfter, ring_to: hex(new Uint8Array(16)) }
  const own = { now, own: logIn(b.log), dev: hex(b.phoneDev), sender: logIn(a.log), keys: [key], seen: [], full: false }
  await m.add('a ring', 'open', { ...own, wire: hex(ring.wire) })
  const places = { version: 0, kind: 1, 'name of its sender': 3, 'name of its receiver': 19, 'name of the key': 35, 'encapsulated key': 83, seal: -1 }
  const reasons: Record<keyof typeof places, seal.Reason> = {
    version: 'version', kind: 'kind', 'name of its sender': 'sender_unknown', 'name of its receiver': 'not_for_me', 'name of the key': 'prekey_unknown',
    'encapsulated key': 'open', seal: 'open',
  }
  for (const [what, at] of Object.entries(places) as [keyof typeof places, number][]) {
    await m.add(`a ring with another ${what}`, 'open', { ...own, wire: hex(flip(ring.wire, at)) }, reasons[what])
  }
  await m.add('a ring of nobody pinned', 'open', { ...own, wire: hex(ring.wire), sender: null }, 'sender_unknown')
  await m.add('a ring once more', 'open', {
    ...own, wire: hex(ring.wire), seen: [{ dev: hex(a.phoneDev), env: hex(ring.env), hash: hex(await wireHash(ring.wire)) }],
  }, 'replay')
  await m.add('a ring whose prekey is used', 'open', { ...own, wire: hex(ring.wire), keys: [{ ...key, used: true }] }, 'prekey_used')

  const ringHash = await wireHash(ring.wire)
  const answerFP = await fingerprintOf('the certificate of the callee')
  const said = answerBody({ ring: ringHash, stage: 0, random: await randomOf('the part of the callee'), fingerprint: answerFP, sdp: sdpOf(answerFP) })
  await m.add('what an answer says', 'answer', { body: hex(said), ring: hex(ringHash) })
  const answer = await seal.sealEnvelope(b.log, b.phone, {
    kind: seal.kinds.answer, ctype: 0, to: a.log, toDev: a.phoneDev, pub: await seal.publicOf(ringSeed), ms: now + 5, last: seal.noneKnown(), body: said,
  }, await chance('an answer'))
  const ringKey = { pkid: hex(await seal.pkidOf(await seal.publicOf(ringSeed))), sort: 2, one_time: true, seed: hex(ringSeed), used: false, not_after: now + 60_000, ring_to: hex(b.phoneDev) }
  const mine = { now: now + 10, own: logIn(a.log), dev: hex(a.phoneDev), sender: logIn(b.log), keys: [ringKey], seen: [], full: false }
  await m.add('an answer', 'open', { ...mine, wire: hex(answer.wire) })
  await m.add('an answer of a device that was not rung', 'open', { ...mine, wire: hex(answer.wire), keys: [{ ...ringKey, ring_to: hex(b.laptopDev) }] }, 'answer_device')
  await own3(m, a)
  return { ring, answer }
}

const chance = async (word: string) => ({
  env: await idOf(`${word}, envelope`), msg: await idOf(`${word}, message`), salt: await of(`${word}, salt`), eseed: await longOf(`${word}, key`),
})

/** own3 is what goes between devices of one person. */
async function own3(m: Maker, a: Person): Promise<void> {
  const seed = await seedOf('a prekey of the laptop')
  const pub = await seal.publicOf(seed)
  const what = seal.pinsBytes([pinOf(a, a.log)])
  const body = seal.syncBody(7, what)
  await m.add('what a device tells another', 'sync', { body: hex(body) })
  const sync = await seal.sealEnvelope(a.log, a.phone, {
    kind: seal.kinds.ownSync, ctype: seal.syncTypes.pins, to: a.log, toDev: a.laptopDev, pub, ms: now, last: seal.noneKnown(), body,
  }, await chance('own-sync'))
  const key = { pkid: hex(await seal.pkidOf(pub)), sort: 1, one_time: false, seed: hex(seed), used: false, not_after: now + 1000, ring_to: hex(new Uint8Array(16)) }
  const own = { now, own: logIn(a.log), dev: hex(a.laptopDev), sender: null, keys: [key], seen: [], full: false }
  await m.add('own-sync', 'open', { ...own, wire: hex(sync.wire) })
  await m.add('own-sync of a month ago', 'open', { ...own, now: now + 2_592_000_001, wire: hex(sync.wire) })
}

async function calls(m: Maker, a: Person, b: Person, { ring, answer }: Rung): Promise<void> {
  const [k1, k2] = [ring.secret ?? seal.asSecret(none()), answer.secret ?? seal.asSecret(none())]
  const hashes = { ring: hex(await wireHash(ring.wire)), answer: hex(await wireHash(answer.wire)) }
  const agreed = { k1: hex(k1), k2: hex(k2), ...hashes }
  await m.add('the keys of a call', 'call_keys', agreed)
  await m.add('the key of the end of a ring', 'ring_end', { k1: hex(k1), ring: hashes.ring })
  const side = async (p: Person, word: string): Promise<Obj> => ({
    acct: hex(p.log.acct), dev: hex(p.phoneDev), fp: hex(await fingerprintOf(`the certificate of the ${word}`)), random: hex(await randomOf(`the part of the ${word}`)),
  })
  await m.add('the emoji of a call', 'emoji', { ...agreed, caller: await side(a, 'caller'), callee: await side(b, 'callee') })
  const call = await idOf('a call')
  await m.add('what a caller commits to', 'commitment', { call: hex(call), leg: 0, to: hex(b.phoneDev), rc: hex(await randomOf('the part of the caller')) })
  await frames(m, call, await callKeys(k1, k2, await wireHash(ring.wire), await wireHash(answer.wire)), b)
  const end = await seal.ringEndKey(k1, await wireHash(ring.wire))
  const last = await new FrameSealer({ call, leg: 0 }, seal.directions.ringEnd, end).seal({ type: 5, reason: 2 })
  await m.add('the end of a ring', 'frame', { frame: hex(last), key: hex(end), call: hex(call), leg: 0, dir: 3, next: 0 })
}

async function frames(m: Maker, call: seal.ID, keys: seal.CallKeys, b: Person): Promise<void> {
  const leg = { call, leg: 0 }
  const fp = await fingerprintOf('the certificate of the caller')
  const text = new TextEncoder().encode('candidate:1 1 udp 1 192.0.2.1 9 typ relay')
  const all: readonly seal.Frame[] = [
    { type: 0, random: await randomOf('the part of the caller') }, { type: 1, conn: 1, gen: 513, offer: true, text: sdpOf(fp) },
    { type: 2, conn: 0, gen: 1, text }, { type: 3, sends: 3 }, { type: 4, media: 2, random: await randomOf('the part of the callee') },
    { type: 5, reason: 1 }, { type: 6, leg: 3, dev: b.laptopDev },
  ]
  const sealer = new FrameSealer(leg, seal.directions.toCallee, keys.toCallee)
  const at = { key: hex(keys.toCallee), call: hex(call), leg: 0, dir: 1 }
  for (const [next, f] of all.entries()) {
    const frame = await sealer.seal(f)
    await m.add(`a frame of type ${f.type}`, 'frame', { ...at, frame: hex(frame), next })
    if (next === 0) {
      await m.add('a frame that was changed', 'frame', { ...at, frame: hex(flip(frame, -1)), next }, 'frame_open')
      await m.add('a frame of the other direction', 'frame', { ...at, frame: hex(frame), next, dir: 2 }, 'frame_direction')
      await m.add('a frame once more', 'frame', { ...at, frame: hex(frame), next: 1 }, 'frame_old')
    }
    if (next === 2) await m.add('a frame after one that is lost', 'frame', { ...at, frame: hex(frame), next: 1 }, 'frame_gap')
  }
}

async function linking(m: Maker, a: Person): Promise<void> {
  const s = seal.asLinkSecret(await idOf('what the old device shows'))
  const kem = await seal.publicOf(await seedOf('the key of linking'))
  const [rn, ro] = [await randomOf('the part of the new device'), await randomOf('the part of the old device')]
  const m1 = await seal.firstLink(s, a.laptop.public, kem, rn)
  const m2 = await seal.secondLink(s, m1, a.first, ro)
  const m3 = await seal.thirdLink(s, m1, m2, rn)
  const all = { s: hex(s), m1: hex(m1), m2: hex(m2), m3: hex(m3), ro: hex(ro) }
  await m.add('linking, the new device', 'link_new', { s: all.s, m1: all.m1 })
  await m.add('linking, the old device', 'link_old', { s: all.s, m1: all.m1, m2: all.m2 })
  await m.add('linking, what was committed to', 'link_reveal', all)
  await m.add('linking, something else than was committed to', 'link_reveal', { ...all, m3: hex(await seal.thirdLink(s, m1, m2, ro)) }, 'commit')
  await m.add('linking, changed', 'link_old', { ...all, m2: hex(flip(m2, 1)) }, 'link_mac')
  for (const use of ['recovery', 'link'] as const) {
    const bits = seal.asCode((await of(`a code for ${use}`)).slice(0, 16))
    await m.add(`a code for ${use}, spelled`, 'code_text', { use, bits: hex(bits) })
    await m.add(`a code for ${use}, read`, 'code', { use, text: (await seal.spellCode(use, bits)).toLowerCase() })
  }
  await m.add('a recovery', 'recover', { bits: hex((await of('a code for recovery')).slice(0, 16)), account: hex(a.account) })
  const content = { pins: [pinOf(a, a.log)], settings: u8(7) }
  await m.add('what a new device gets', 'content', { body: hex(seal.contentBytes(content)) })
  const backup = await seal.newBackup(a.log, a.phone, await seal.publicOf(a.backup), { ...content, counter: 3, ms: now }, await longOf('a backup'))
  const from = { own: logIn(a.log), root_seed: hex(a.rootSeed), seed: hex(a.backup) }
  await m.add('a backup', 'backup', { ...from, backup: hex(backup) })
  await m.add('a backup that was changed', 'backup', { ...from, backup: hex(flip(backup, 2000)) }, 'backup_signature')
  await m.add('a backup with another code', 'backup', { ...from, seed: hex(await of('another')), backup: hex(backup) }, 'code')
}

/** make makes them all. */
export async function make(): Promise<VectorFile> {
  const m = new Maker()
  const [a, b] = [await person('Ada'), await person('Ben')]
  await logs(m, a, b)
  await friends(m, a, b)
  await calls(m, a, b, await envelopes(m, a, b))
  await linking(m, a)
  return { made_by: 'ts', cases: m.cases }
}
