// Vectors of others (signal/seal/testdata/public): Wycheproof, RFC 9180 and
// X-Wing. They test the platform that the sealing stands on, and its own
// checks; so they run in the unit tests and in both browsers.

import { type Bytes, concat, hex, isZero, kdf, same } from '../../src/seal/bytes.ts'
import { envelopeInfo } from '../../src/seal/envelope.ts'
import { exportFrom, openGCM, openWith, schedule, sealGCM, sealTo } from '../../src/seal/hpke.ts'
import { asAcct, asDev, asSeed, asSigningKey, pkidOf, publicOf, reasonOf } from '../../src/seal/index.ts'
import { decapsulate, encapsulate } from '../../src/seal/kem.ts'
import { signingKeyHolds, verify } from '../../src/seal/keys.ts'
import { type Obj, Vector } from './vector.ts'

/** Check gives what is wrong with a file of public vectors. */
type Check = (all: readonly Vector[]) => Promise<readonly string[]>

const why = async (p: Promise<unknown>): Promise<string> => {
  try {
    await p
    return 'taken'
  } catch (e) {
    return reasonOf(e) ?? String(e)
  }
}

const ed25519: Check = async (all) => {
  const wrong = []
  for (const v of all) {
    const got = await verify(asSigningKey(v.b('key')), v.b('msg'), v.b('sig'))
    if (got !== (v.s('result') === 'valid')) wrong.push(`${v.n('id')}: got ${got}`)
  }
  return wrong
}

/** speccheck: keys of small order are refused before any signature is looked at (k), and what is left is told as every native verifier tells it. */
const speccheck: Check = async (all) => {
  let row = ''
  for (const v of all) {
    const key = asSigningKey(v.b('key'))
    row += !signingKeyHolds(key) ? 'k' : (await verify(key, v.b('msg'), v.b('sig'))) ? 'V' : '.'
  }
  return row === 'kkVV......kk' ? [] : [row]
}

/** smallOrder has every X25519 value whose secret is zero stand in a KEM key and in an encapsulation: nothing is sealed to the one, and the other opens nothing. */
const smallOrder: Check = async (all) => {
  const wrong = []
  const seed = asSeed(new Uint8Array(32).fill(7))
  const pub = await publicOf(seed)
  const { enc } = await encapsulate(pub)
  const small = all.filter((v) => isZero(v.b('shared')))
  if (small.length < 5) wrong.push(`only ${small.length} values of small order`)
  for (const v of small) {
    const to = await why(encapsulate(concat(pub.subarray(0, 1184), v.b('public'))))
    const from = await why(decapsulate(seed, concat(enc.subarray(0, 1088), v.b('public'))))
    if (to !== 'key_invalid' || from !== 'open') wrong.push(`${v.n('id')}: ${to} ${from}`)
  }
  return wrong
}

const pkcs8X25519 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20)

/** x25519 is the platform's; a secret of zeros is refused there. */
const x25519: Check = async (all) => {
  const wrong = []
  for (const v of all) {
    const key = await crypto.subtle.importKey('pkcs8', concat(pkcs8X25519, v.b('private')), 'X25519', false, ['deriveBits'])
    const pub = await crypto.subtle.importKey('raw', v.b('public'), 'X25519', false, [])
    const got = await crypto.subtle.deriveBits({ name: 'X25519', public: pub }, key, 256).then((b) => hex(new Uint8Array(b)), () => hex(new Uint8Array(32)))
    if (got !== v.s('shared')) wrong.push(`${v.n('id')}: got ${got}`)
  }
  return [...wrong, ...(await smallOrder(all))]
}

const gcm: Check = async (all) => {
  const wrong = []
  for (const v of all) {
    const pt = await openGCM(v.b('key'), v.b('iv'), v.b('aad'), concat(v.b('ct'), v.b('tag')))
    const want = v.s('result') === 'valid' ? v.s('msg') : undefined
    if ((pt === undefined ? undefined : hex(pt)) !== want) wrong.push(`${v.n('id')}: got ${pt === undefined ? 'nothing' : hex(pt)}`)
  }
  return wrong
}

const hkdf: Check = async (all) => {
  const wrong = []
  for (const v of all) {
    const got = await kdf(v.b('ikm'), v.b('salt'), v.b('info'), v.n('size')).then(hex, () => 'refused')
    if (got !== (v.s('result') === 'valid' ? v.s('okm') : 'refused')) wrong.push(`${v.n('id')}: got ${got}`)
  }
  return wrong
}

const idsOf = (v: Vector): Bytes => Uint8Array.from(['kem_id', 'kdf_id', 'aead_id'].flatMap((k) => [v.n(k) >> 8, v.n(k) & 255]))

/** counted is the nonce of the n-th message of a context. */
function counted(nonce: Bytes, n: number): Bytes {
  const at = nonce.slice()
  at[at.length - 1] = (at.at(-1) ?? 0) ^ n
  return at
}

/** hpke holds the key schedule to both suites, and the whole to the one of ours that differs in the AEAD alone. */
const hpke: Check = async (all) => {
  const wrong = []
  for (const v of all) {
    const k = await schedule(v.b('shared_secret'), v.b('info'), idsOf(v))
    if (!same(k.key, v.b('key')) || !same(k.nonce, v.b('base_nonce'))) wrong.push(`${v.s('from')}: another key schedule`)
    if (v.n('kem_id') === 0x647a) {
      if (!same(await publicOf(asSeed(v.b('skRm'))), v.b('pkRm'))) wrong.push('the public key is another')
      if (!same(await decapsulate(asSeed(v.b('skRm')), v.b('enc')), v.b('shared_secret'))) wrong.push('the secret is another')
    }
    // The platform has AES-GCM; the other suite's AEAD shows in its exports.
    for (const [i, e] of v.n('aead_id') === 3 ? [] : v.list('encryptions').entries()) {
      const pt = await openGCM(k.key, counted(k.nonce, i), e.b('aad'), e.b('ct'))
      if (pt === undefined || !same(pt, e.b('pt'))) wrong.push(`${v.s('from')}: encryption ${i}`)
    }
    for (const [i, e] of v.list('exports').entries()) {
      if (e.n('L') !== 32 || !same(await exportFrom(k.exporter, e.b('exporter_context'), idsOf(v)), e.b('exported_value'))) wrong.push(`${v.s('from')}: export ${i}`)
    }
  }
  return wrong
}

/** xwing holds the draft's keys, encapsulations and secrets to what is made of its seeds here, and what the draft's secret seals to what opens. */
const xwing: Check = async (all) => {
  const wrong = []
  for (const [i, v] of all.entries()) {
    const seed = asSeed(v.b('seed'))
    const pub = await publicOf(seed)
    if (!same(pub, v.b('pk'))) wrong.push(`${i}: the public key is another`)
    const made = await encapsulate(pub, v.b('eseed'))
    if (!same(made.enc, v.b('ct')) || !same(made.secret, v.b('ss'))) wrong.push(`${i}: the encapsulation is another`)
    const info = envelopeInfo(asAcct(new Uint8Array(32)), asDev(new Uint8Array(16)), await pkidOf(pub))
    const k = await schedule(v.b('ss'), info)
    const ct = await sealGCM(k.key, k.nonce, new Uint8Array(3), v.b('seed'))
    const opened = await (await openWith(seed, v.b('ct'), info)).open(new Uint8Array(3), ct)
    if (!same(opened, v.b('seed'))) wrong.push(`${i}: what opens is another`)
    const again = await (await sealTo(pub, info, v.b('eseed'))).context.export(new Uint8Array(1))
    if (!same(again, await exportFrom(k.exporter, new Uint8Array(1)))) wrong.push(`${i}: what is exported is another`)
  }
  return wrong
}

/** publicChecks are by the name of their file. */
export const publicChecks: Readonly<Record<string, Check>> = {
  'wycheproof-ed25519': ed25519, 'speccheck-ed25519': speccheck, 'wycheproof-x25519': x25519, 'wycheproof-aes-256-gcm': gcm,
  'wycheproof-hkdf-sha256': hkdf, hpke, xwing,
}

/** publicFaults is what is wrong with a file. */
export const publicFaults = (name: string, all: readonly Obj[]): Promise<readonly string[]> =>
  publicChecks[name]?.(all.map((o) => new Vector(o))) ?? Promise.resolve([`no check for ${name}`])
