// What a vector's op does here: the twin of ops_test.go in signal/seal. No
// Node and no page: the same runs in the unit tests and in both browsers.

import { hex, same } from '../../src/seal/bytes.ts'
import { sealTo } from '../../src/seal/hpke.ts'
import {
  acctOf, asAcct, asCode, asDev, asFingerprint, asInviteSecret, asLinkSecret, asRandom, asSecret, asSeed, asSigningKey, callEmoji, callKeys, checkAccept,
  checkDescription, checkKEM, checkPrekey, checkRequest, checkScan, checkSigningKey, type CodeUse, commitment, devOf, type Direction, type Dev,
  FrameOpener, followPin, inviteID, type ID, type Key, type KeySort, LegRules, type Log, linkEmoji, openBackup, openEnvelope, openLinkNew, openLinkOld,
  openLinkReveal, pinBytes, pinsBytes, pkidOf, publicOf, readAnswer, readCode, readContent, readLink, readPins, readRing, readSync, recover, requestID,
  ringEndKey, safetyNumber, type Hash, spellCode, verifyLog,
} from '../../src/seal/index.ts'
import { plainHash } from '../../src/seal/identity.ts'
import { rootKeyFrom, verify } from '../../src/seal/keys.ts'
import { frameData, frameKey, readFrame } from '../../src/seal/frame.ts'
import { headHex, type Obj, Vector } from './vector.ts'

type Op = (v: Vector) => Promise<Obj>

const use = (v: Vector): CodeUse => {
  const u = v.s('use')
  if (u !== 'recovery' && u !== 'link') throw new Error('no such use')
  return u
}

const keyOps: Record<string, Op> = {
  signing_key: async (v) => (checkSigningKey(asSigningKey(v.b('key'))), Promise.resolve({})),
  verify: async (v) => ({ ok: await verify(asSigningKey(v.b('key')), v.b('msg'), v.b('sig')) }),
  kem_key: async (v) => (checkKEM(v.b('pub')), { pkid: hex(await pkidOf(v.b('pub'))) }),
  seal_to: async (v) => (await sealTo(v.b('pub'), new Uint8Array(0)), {}),
  kem_seed: async (v) => ({ pub: hex(await publicOf(asSeed(v.b('seed')))) }),
  names: async (v) => {
    const acct = await acctOf(v.id('account'), asSigningKey(v.b('root')))
    return { acct: hex(acct), dev: hex(await devOf(acct, asSigningKey(v.b('key')))) }
  },
  code: async (v) => ({ bits: hex(await readCode(use(v), v.s('text'))) }),
  code_text: async (v) => ({ text: await spellCode(use(v), asCode(v.b('bits').slice(0, 16))) }),
  recover: async (v) => {
    const r = await recover(asCode(v.b('bits')), v.id('account'))
    return { root: hex(r.root.public), backup: hex(await plainHash(await publicOf(r.backup))), token: hex(r.token) }
  },
}

const logOut = (l: Log): Obj => ({
  acct: hex(l.acct), root: hex(l.root), head: headHex(l.head), reset_no: l.resetNo, active: l.active.map((d) => hex(d.dev)),
  successor: l.successor === undefined ? '' : hex(l.successor),
})

const logOps: Record<string, Op> = {
  log: async (v) => logOut(await verifyLog(v.b('log'), v.id('account'))),
  follow: async (v) => {
    const [pin] = readPins(v.b('pin'))
    if (pin === undefined) throw new Error('no pin')
    const next = await followPin(pin, v.b('log'))
    return { pin: hex(pinBytes(next.pin)), reset: next.reset }
  },
  pins: (v) => Promise.resolve({ count: readPins(v.b('pins')).length }),
  sync: (v) => {
    const { count, what } = readSync(v.b('body'))
    return Promise.resolve({ count, what: hex(what) })
  },
  content: (v) => {
    const { pins, settings } = readContent(v.b('body'))
    return Promise.resolve({ pins: hex(pinsBytes(pins)), settings: hex(settings) })
  },
  backup: async (v) => {
    const recovery = { root: await rootKeyFrom(v.b('root_seed')), backup: asSeed(v.b('seed')), token: new Uint8Array(0) }
    const b = await openBackup(await v.log('own'), recovery, v.b('backup'))
    return { counter: b.counter, ms: b.ms, by: hex(b.by), head: headHex(b.head), pins: hex(pinsBytes(b.pins)), settings: hex(b.settings) }
  },
}

const friendOps: Record<string, Op> = {
  link: async (v) => {
    const l = readLink(v.s('text'))
    return { acct: hex(l.acct), head: headHex(l.head), secret: hex(l.secret), invite: hex(await inviteID(l.secret)) }
  },
  request: async (v) => {
    const secrets = v.texts('secrets').map((s) => asInviteSecret(new Vector({ s }).b('s')))
    const q = await checkRequest(v.b('request'), asAcct(v.b('me')), await v.log('theirs'), secrets, v.n('now'))
    return { from: hex(q.from), by_link: q.byLink ?? -1, id: hex(await requestID(v.b('request'))) }
  },
  accept: async (v) => {
    const a = await checkAccept(v.b('accept'), v.b('request'), await v.log('theirs'))
    return { acct: hex(a.acct), head: headHex(a.head) }
  },
  scan: async (v) => (checkScan(v.b('scan'), asAcct(v.b('me')), await v.log('theirs')), {}),
  safety: async (v) => ({ digits: await safetyNumber(v.id('a'), asSigningKey(v.b('a_root')), v.id('b'), asSigningKey(v.b('b_root'))) }),
  prekey: async (v) => {
    const known = { pkid: v.h('known_pkid'), created: v.n('known_created') }
    const p = await checkPrekey(v.b('prekey'), await v.log('pinned'), v.dev('dev'), known, v.n('now'))
    return { type: p.type, pkid: hex(p.pkid) }
  },
}

const keyOf = (k: Vector): Key => ({
  sort: k.n('sort') as KeySort, oneTime: k.yes('one_time'), seed: asSeed(k.b('seed')), used: k.yes('used'), notAfter: k.n('not_after'),
  ringTo: asDev(k.b('ring_to')),
})

const envelopeOps: Record<string, Op> = {
  open: async (v) => {
    const sender = await v.maybeLog('sender')
    const own = {
      log: await v.log('own'), dev: v.dev('dev'),
      sender: (d: Dev) => (sender?.device(d) === undefined ? undefined : sender),
      key: (id: Hash) => v.list('keys').filter((k) => same(k.b('pkid'), id)).map(keyOf)[0],
      seen: (d: Dev, env: ID) => {
        const s = v.list('seen').find((x) => same(x.b('dev'), d) && same(x.b('env'), env))
        return { hash: s?.h('hash'), room: !v.yes('full') }
      },
    }
    const o = await openEnvelope(own, v.b('wire'), v.n('now'))
    return {
      kind: o.kind, ctype: o.ctype, acct: hex(o.acct), from_dev: hex(o.fromDev), env: hex(o.env), msg: hex(o.msg), sent: o.sent, hash: hex(o.hash),
      body: hex(o.body), secret: hex(o.secret ?? new Uint8Array(32)), late: o.late ?? '',
    }
  },
}

const keysOf = (v: Vector) => callKeys(asSecret(v.b('k1')), asSecret(v.b('k2')), v.h('ring'), v.h('answer'))

const sideOf = (v: Vector) => ({
  acct: asAcct(v.b('acct')), dev: v.dev('dev'), fingerprint: asFingerprint(v.b('fp')), random: asRandom(v.b('random')),
})

const callOps: Record<string, Op> = {
  ring: (v) => {
    const x = readRing(v.b('body'), v.id('call'))
    return Promise.resolve({ leg: x.leg, media: x.media, ekp: hex(x.ekp), commit: hex(x.commit), fp: hex(x.fingerprint), sdp: hex(x.sdp) })
  },
  answer: (v) => {
    const x = readAnswer(v.b('body'), v.h('ring'))
    return Promise.resolve({ stage: x.stage, random: hex(x.random), fp: hex(x.fingerprint), sdp: hex(x.sdp) })
  },
  description: (v) => (checkDescription(v.b('sdp'), asFingerprint(v.b('fp')), v.yes('early')), Promise.resolve({})),
  commitment: async (v) => ({ cm: hex(await commitment(v.id('call'), v.n('leg'), v.dev('to'), asRandom(v.b('rc')))) }),
  call_keys: async (v) => {
    const k = await keysOf(v)
    return { to_callee: hex(k.toCallee), to_caller: hex(k.toCaller), media: hex(k.media) }
  },
  ring_end: async (v) => ({ key: hex(await ringEndKey(asSecret(v.b('k1')), v.h('ring'))) }),
  emoji: async (v) => ({ places: await callEmoji(await keysOf(v), sideOf(v.sub('caller')), sideOf(v.sub('callee'))) }),
  frame: async (v) => {
    const o = new FrameOpener({ call: v.id('call'), leg: v.n('leg') }, v.n('dir') as Direction, frameKey(v.b('key')), v.n('next'))
    const f = await o.open(v.b('frame'))
    return { type: f.type, data: hex(frameData(f)) }
  },
  rules: async (v) => {
    const leg = { call: v.id('call'), leg: v.n('leg') }
    const r = new LegRules({ caller: v.yes('caller'), commit: v.h('commit'), rungDev: v.dev('dev'), leg, stage: v.n('stage') })
    let last: unknown
    for (const s of v.list('steps')) {
      if (last !== undefined) throw new Error('the vector goes on after what was refused')
      if (s.yes('press')) r.pressed()
      else if (s.yes('elsewhere')) r.revealedElsewhere()
      else {
        const f = readFrame(s.n('type'), s.b('data'), leg.leg)
        if (f === undefined) throw new Error("the vector's frame does not hold")
        try {
          await r.take(f)
        } catch (e) {
          last = e
        }
      }
    }
    if (last !== undefined) throw last as Error
    return {}
  },
}

const linkOps: Record<string, Op> = {
  link_new: async (v) => {
    const x = await openLinkNew(asLinkSecret(v.b('s')), v.b('m1'))
    return { key: hex(x.key), kem: hex(x.kem), commit: hex(x.commit) }
  },
  link_old: async (v) => {
    const x = await openLinkOld(asLinkSecret(v.b('s')), v.b('m1'), v.b('m2'))
    return { acct: hex(x.acct), account: hex(x.account), head: headHex(x.head), random: hex(x.random) }
  },
  link_reveal: async (v) => {
    const s = asLinkSecret(v.b('s'))
    const rn = await openLinkReveal(s, v.b('m1'), v.b('m2'), v.b('m3'))
    return { rn: hex(rn), places: await linkEmoji(s, v.b('m1'), v.b('m2'), rn, asRandom(v.b('ro'))) }
  },
}

/** ops are all there are. */
export const ops: Readonly<Record<string, Op>> = { ...keyOps, ...logOps, ...friendOps, ...envelopeOps, ...callOps, ...linkOps }
