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

const address = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f:]*:[\da-f:.]*)$/i

/**
 * behindRelay is a relay's candidate with nothing left in it of the device
 * behind the relay, and nothing of any other. The foundation may be a hash of
 * an address, related addresses are one, and extensions can say anything.
 */
export function behindRelay({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: Candidate): Candidate | undefined {
  const [head = '', component = '', transport = '', priority = '', ip = '', port = '', typ, kind, ...rest] = candidate.split(' ')
  if (!head.startsWith('candidate:') || typ !== 'typ' || kind !== 'relay' || !address.test(ip)) return undefined
  if (component !== '1' || !/^udp$/i.test(transport) || ![priority, port].every((n) => /^\d{1,10}$/.test(n))) return undefined // RTCP has no way of its own
  const ufrag = /(?:^| )ufrag ([\w+/]{1,256})(?: |$)/.exec(rest.join(' '))?.[1]
  return {
    candidate: `candidate:1 1 udp ${priority} ${ip} ${port} typ relay raddr 0.0.0.0 rport 0${ufrag === undefined ? '' : ` ufrag ${ufrag}`}`,
    sdpMLineIndex,
    ...(sdpMid === undefined ? {} : { sdpMid }),
    ...(usernameFragment === undefined ? {} : { usernameFragment }),
  }
}
