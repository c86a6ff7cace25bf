import { type Candidate } from './wire.gen.ts'

/**
 * withoutCandidates takes the candidates out of a description. A browser sends
 * packets to the addresses in it as soon as both descriptions are set: whoever
 * calls would learn ours while it still rings, from an offer that names theirs.
 *
 * Parsers differ in how they read broken lines, so whatever looks like a
 * candidate goes.
 */
export function withoutCandidates(sdp: string): { sdp: string; candidates: Candidate[] } {
  const kept: string[] = []
  const candidates: Candidate[] = []
  let section = -1
  for (const line of sdp.split(/\r\n|\r|\n/)) {
    if (line.startsWith('m=')) section++
    if (!/candidate|\styp\s/i.test(line)) kept.push(line)
    else if (line.startsWith('a=candidate:')) candidates.push({ candidate: line.slice(2), sdpMLineIndex: Math.max(0, section) })
  }
  return { sdp: kept.join('\r\n'), candidates }
}

/** placeOf is how an address and its port are written where they are compared. */
export const placeOf = (address: string, port: string | number): string => `${address} ${port}`.toLowerCase()

/** relayIn is the place of the relay that a candidate names, where it names one. */
export function relayIn({ candidate }: Candidate): string | undefined {
  const [, , , , address, port, typ, kind] = candidate.split(' ')
  return address !== undefined && port !== undefined && typ === 'typ' && kind === 'relay' ? placeOf(address, port) : undefined
}
