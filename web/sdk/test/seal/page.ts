// What a page needs to try the vectors in a browser, and to see what sealing
// costs there.

import { deviceKey, entryBytes, joinEntry, kinds, newDeviceKeys, noneKnown, openEnvelope, pkidOf, publicOf, sealEnvelope, verifyLog } from '../../src/seal/index.ts'
import { deviceKeyFrom } from '../../src/seal/keys.ts'
import { fault } from './check.ts'
import { make } from './make.ts'
import { now, of, person, seedOf } from './make-world.ts'
import { type VectorFile } from './vector.ts'

/** faults are of one file of vectors; cases is how many it has. */
async function faults(url: string): Promise<{ readonly cases: number; readonly faults: readonly string[] }> {
  const { cases } = (await (await fetch(url)).json()) as VectorFile
  const found: string[] = []
  for (const c of cases) {
    const wrong = await fault(c)
    if (wrong !== undefined) found.push(wrong)
  }
  return { cases: cases.length, faults: found }
}

/** madeHere is the file that this side makes, as it is on disk. */
const madeHere = async (): Promise<string> => `${JSON.stringify(await make(), null, 1)}\n`

/** keys tells how the device keys that this browser makes are. */
async function keys(): Promise<{ readonly signs: boolean; readonly leaves: boolean }> {
  const pair = await newDeviceKeys()
  const key = await deviceKey(pair)
  const sig = await key.sign(new Uint8Array([1]))
  const signs = await crypto.subtle.verify('Ed25519', pair.publicKey, sig, new Uint8Array([1]))
  const leaves = await crypto.subtle.exportKey('pkcs8', pair.privateKey).then(() => true, () => false)
  return { signs, leaves }
}

/** timed is the middle of times runs, in milliseconds. */
async function timed(times: number, step: () => Promise<unknown>): Promise<number> {
  const took: number[] = []
  for (let i = 0; i < times; i++) {
    const start = performance.now()
    await step()
    took.push(performance.now() - start)
  }
  return took.sort((a, b) => a - b)[times >> 1] ?? 0
}

/** cost is of the largest ring sealed and opened, and of a log of 32 devices read. */
async function cost(times: number): Promise<{ readonly seal: number; readonly open: number; readonly log: number }> {
  const [a, b] = [await person('Ada'), await person('Ben')]
  const seed = await seedOf('a prekey')
  const pub = await publicOf(seed)
  const message = { kind: kinds.ring, ctype: 0, to: b.log, toDev: b.phoneDev, pub, ms: now, last: noneKnown(), body: new Uint8Array(16000) }
  const sealed = await sealEnvelope(a.log, a.phone, message)
  const key = { sort: 1 as const, oneTime: false, seed, used: false, notAfter: now + 1, ringTo: undefined }
  const pkid = await pkidOf(pub)
  const own = { log: b.log, dev: b.phoneDev, sender: () => a.log, key: (id: Uint8Array) => (id.every((x, i) => x === pkid[i]) ? key : undefined), seen: () => ({ hash: undefined, room: true }) }
  let log = a.log
  for (let i = 2; i < 32; i++) {
    const more = await deviceKeyFrom(await of(`device ${i}`))
    const draft = await log.draftAdd(a.phone, more.public, false, now)
    log = await log.extend(entryBytes(draft, await joinEntry(draft.e, more)))
  }
  return {
    seal: await timed(times, () => sealEnvelope(a.log, a.phone, message)),
    open: await timed(times, () => openEnvelope(own, sealed.wire, now)),
    log: await timed(times, () => verifyLog(log.bytes, a.account)),
  }
}

Object.assign(globalThis, { __seal: { faults, madeHere, keys, cost } })
