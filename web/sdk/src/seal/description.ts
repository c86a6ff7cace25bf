// The one form that a description has, in which every fingerprint is the one
// agreed on.

import { type Bytes, hex } from './bytes.ts'
import { type Fingerprint } from './identity.ts'
import { refuse } from './reason.ts'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** checkDescription refuses an SDP of another form. early says that it stands in a ring or an answer, which hold no address. */
export function checkDescription(sdp: Bytes, fingerprint: Fingerprint, early: boolean): void {
  const lines = linesOf(sdp)
  if (!fingerprintsHold(lines, spell(fingerprint))) refuse('fingerprint')
  if (early && lines.some(tellsAddress)) refuse('candidate_early')
}

/** linesOf splits where a browser does, and only where every browser does. */
function linesOf(sdp: Bytes): readonly string[] {
  const text = decode(sdp)
  if (text.includes('\0') || !text.endsWith('\r\n')) refuse('malformed')
  const lines = text.slice(0, -2).split('\r\n')
  if (lines.some((l) => /[\r\n]/.test(l)) || !lines.some((l) => l.startsWith('m='))) refuse('malformed')
  return lines
}

function decode(sdp: Bytes): string {
  try {
    return strict.decode(sdp)
  } catch {
    return refuse('malformed')
  }
}

const spell = (fp: Fingerprint): string => `a=fingerprint:sha-256 ${(hex(fp).toUpperCase().match(/../g) ?? []).join(':')}`

/** mediaLine returns the second and third word of an m= line. */
function mediaLine(l: string): { readonly port: string; readonly proto: string } {
  const [, port, proto] = l.split(' ')
  return port !== undefined && proto !== undefined ? { port, proto } : { port: '', proto: '' }
}

function fingerprintsHold(lines: readonly string[], want: string): boolean {
  let all = false // a line before the first m= is there
  let inMedia = false
  let missing = false // this section has none of its own, and its port is not 0
  for (const l of lines) {
    if (l.startsWith('a=crypto')) return false
    if (l.startsWith('a=fingerprint')) {
      if (l !== want) return false
      all ||= !inMedia
      missing = false
    } else if (l.startsWith('m=')) {
      if (missing && !all) return false
      const { port, proto } = mediaLine(l)
      if (proto !== 'UDP/TLS/RTP/SAVPF' && proto !== 'UDP/DTLS/SCTP') return false
      inMedia = true
      missing = port !== '0'
    }
  }
  return all || !missing
}

/** tellsAddress tells whether a line says, or could say, where somebody is. */
function tellsAddress(l: string): boolean {
  if (l.startsWith('a=candidate')) return true
  if (l.startsWith('c=')) return l !== 'c=IN IP4 0.0.0.0' && l !== 'c=IN IP6 ::'
  if (l.startsWith('m=')) return !['9', '0'].includes(mediaLine(l).port)
  if (l.startsWith('a=rtcp:')) return !['a=rtcp:9', 'a=rtcp:9 IN IP4 0.0.0.0', 'a=rtcp:9 IN IP6 ::'].includes(l)
  return false
}
