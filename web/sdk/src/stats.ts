// What getStats says, put into a few words and numbers.

/** Path is the way that media take. */
export type Path = 'direct' | 'relayed'

/** Quality of what is heard and seen, as far as figures tell. */
export type Quality = 'good' | 'fair' | 'poor'

/** CallStats are the figures of a call at one moment. */
export interface CallStats {
  readonly path?: Path
  /** Between this device and its relay, where there is one; else between the devices. */
  readonly transport?: 'udp' | 'tcp' | 'tls'
  readonly roundTripMs?: number
  /** Share of lost packets since the figures before, 0 to 1. */
  readonly lossIn?: number
  readonly lossOut?: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Pictures of the other side decoded so far. */
  readonly framesIn: number
  readonly framesOut: number
  readonly packetsIn: number
  readonly packetsLost: number
}

type Entry = Readonly<Record<string, unknown>> & { readonly type: string }

const number = (v: unknown): number => (typeof v === 'number' && Number.isFinite(v) ? v : 0)
const maybe = (v: unknown): number | undefined => (typeof v === 'number' && Number.isFinite(v) ? v : undefined)

function entries(report: RTCStatsReport): Entry[] {
  const all: Entry[] = []
  report.forEach((entry: Entry) => void all.push(entry))
  return all
}

/** The pair of candidates in use. Not every browser names it in the transport's figures. */
function selectedPair(all: readonly Entry[]): Entry | undefined {
  const id = all.find((e) => e.type === 'transport' && typeof e['selectedCandidatePairId'] === 'string')?.['selectedCandidatePairId']
  const pairs = all.filter((e) => e.type === 'candidate-pair')
  return (
    pairs.find((e) => e['id'] === id) ??
    pairs.find((e) => e['selected'] === true) ??
    pairs.find((e) => e['nominated'] === true && e['state'] === 'succeeded')
  )
}

function transportOf(local: Entry | undefined): CallStats['transport'] {
  const name = local?.['candidateType'] === 'relay' ? local['relayProtocol'] : local?.['protocol']
  return name === 'udp' || name === 'tcp' || name === 'tls' ? name : undefined
}

/** digest sums a report up; before gives what to measure losses from. */
export function digest(report: RTCStatsReport, before?: CallStats): CallStats {
  const all = entries(report)
  const pair = selectedPair(all)
  const byId = (id: unknown): Entry | undefined => all.find((e) => e['id'] === id)
  const local = byId(pair?.['localCandidateId'])
  const remote = byId(pair?.['remoteCandidateId'])
  const inbound = all.filter((e) => e.type === 'inbound-rtp')
  const outbound = all.filter((e) => e.type === 'outbound-rtp')
  const heard = all.filter((e) => e.type === 'remote-inbound-rtp')
  const sum = (list: readonly Entry[], name: string): number => list.reduce((n, e) => n + number(e[name]), 0)

  const packetsIn = sum(inbound, 'packetsReceived')
  const packetsLost = Math.max(0, sum(inbound, 'packetsLost'))
  const trip = maybe(pair?.['currentRoundTripTime']) ?? maybe(heard.map((e) => e['roundTripTime']).find((v) => typeof v === 'number'))
  const lossOut = heard.map((e) => maybe(e['fractionLost'])).filter((v) => v !== undefined)
  const transport = transportOf(local)
  return {
    ...(local === undefined || remote === undefined ? {} : { path: pathOf(local, remote) }),
    ...(transport === undefined ? {} : { transport }),
    ...(trip === undefined ? {} : { roundTripMs: Math.round(trip * 1000) }),
    ...(before === undefined ? {} : { lossIn: share(packetsLost - before.packetsLost, packetsIn - before.packetsIn) }),
    ...(lossOut.length === 0 ? {} : { lossOut: Math.max(...lossOut) }),
    bytesIn: sum(inbound, 'bytesReceived'),
    bytesOut: sum(outbound, 'bytesSent'),
    framesIn: sum(inbound, 'framesDecoded'),
    framesOut: sum(outbound, 'framesEncoded'),
    packetsIn,
    packetsLost,
  }
}

const isRelay = (e: Entry): boolean => e['candidateType'] === 'relay'

/** A call counts as relayed where either side's end of the way is a relay. */
function pathOf(local: Entry, remote: Entry): Path {
  return isRelay(local) || isRelay(remote) ? 'relayed' : 'direct'
}

function share(lost: number, got: number): number {
  const gone = Math.max(0, lost)
  const all = gone + Math.max(0, got)
  return all === 0 ? 0 : gone / all
}

/** qualityOf puts figures into a word: what people notice is loss and delay. */
export function qualityOf(s: CallStats): Quality {
  const loss = Math.max(s.lossIn ?? 0, s.lossOut ?? 0)
  const trip = s.roundTripMs ?? 0
  if (loss > 0.1 || trip > 600) return 'poor'
  return loss > 0.03 || trip > 300 ? 'fair' : 'good'
}
