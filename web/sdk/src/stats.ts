// What getStats says, put into a few words and numbers.

import { placeOf } from './candidates.ts'

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
  /** When the figures were taken, in milliseconds, for measuring from them. */
  readonly at: number
  readonly kbitIn?: number
  readonly kbitOut?: number
  /** What the browser believes that the way takes. Not every browser tells. */
  readonly kbitRoom?: number
  readonly framesPerSecondIn?: number
  readonly framesPerSecondOut?: number
  readonly sizeIn?: Size
  readonly sizeOut?: Size
  /** How unevenly the sound of the other side comes in, in milliseconds. */
  readonly jitterMs?: number
  /** Names such as opus and VP8. */
  readonly codecs: Codecs
  /** Kinds of the two ends of the way: host, srflx, prflx, relay. */
  readonly candidates?: { readonly local: string; readonly remote: string }
  /** The way's own name in this connection: with another one, the media took another way. */
  readonly way?: string
  /** What is told of packets that went out, for judging the network. */
  readonly out: { readonly audio: Outgone; readonly video: Outgone }
}

/** Size is that of a picture, in pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** Codecs are those in use, as far as they are known. */
export interface Codecs {
  readonly audioIn?: string
  readonly audioOut?: string
  readonly videoIn?: string
  readonly videoOut?: string
}

/** Outgone is what became of the packets of one kind so far. */
export interface Outgone {
  readonly packets: number
  readonly bytes: number
  /** As the other side last reported, and when. */
  readonly lost: number
  readonly reportedAt: number
  /** Of the last report: share of lost packets, and round trip. */
  readonly fractionLost: number
  readonly roundTripMs: number | undefined
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

/**
 * digest sums a report up; before gives what to measure losses and rates from,
 * relays where those are that the other side told of.
 */
export function digest(report: RTCStatsReport, before?: CallStats, relays?: ReadonlySet<string>): CallStats {
  const all = entries(report)
  const pair = selectedPair(all)
  const byId = (id: unknown): Entry | undefined => all.find((e) => e['id'] === id)
  const local = byId(pair?.['localCandidateId'])
  const remote = known(byId(pair?.['remoteCandidateId']), relays)
  const inbound = all.filter((e) => e.type === 'inbound-rtp')
  const outbound = all.filter((e) => e.type === 'outbound-rtp')
  const heard = all.filter((e) => e.type === 'remote-inbound-rtp')

  const packetsIn = sum(inbound, 'packetsReceived')
  const packetsLost = Math.max(0, sum(inbound, 'packetsLost'))
  const trip = maybe(pair?.['currentRoundTripTime']) ?? maybe(heard.map((e) => e['roundTripTime']).find((v) => typeof v === 'number'))
  const lossOut = heard.map((e) => maybe(e['fractionLost'])).filter((v) => v !== undefined)
  const now = {
    at: Math.max(0, ...all.map((e) => number(e['timestamp']))),
    bytesIn: sum(inbound, 'bytesReceived'),
    bytesOut: sum(outbound, 'bytesSent'),
    framesIn: sum(inbound, 'framesDecoded'),
    framesOut: sum(outbound, 'framesEncoded'),
    packetsIn,
    packetsLost,
  }
  const room = maybe(pair?.['availableOutgoingBitrate'])
  const jitter = maybe(inbound.find((e) => e['kind'] === 'audio')?.['jitter'])
  return {
    ...(local === undefined || remote === undefined ? {} : { path: pathOf(local, remote), candidates: kindsOf(local, remote) }),
    ...defined('way', typeof pair?.['id'] === 'string' ? pair['id'] : undefined),
    ...defined('transport', transportOf(local)),
    ...defined('roundTripMs', trip === undefined ? undefined : Math.round(trip * 1000)),
    ...(before === undefined ? {} : { lossIn: share(packetsLost - before.packetsLost, packetsIn - before.packetsIn), ...rates(now, before) }),
    ...(lossOut.length === 0 ? {} : { lossOut: Math.max(...lossOut) }),
    ...defined('kbitRoom', room === undefined ? undefined : Math.round(room / 1000)),
    ...defined('jitterMs', jitter === undefined ? undefined : Math.round(jitter * 1000)),
    ...defined('sizeIn', sizeOf(inbound)),
    ...defined('sizeOut', sizeOf(outbound)),
    ...now,
    codecs: codecsOf(inbound, outbound, byId),
    out: { audio: outgone('audio', outbound, heard), video: outgone('video', outbound, heard) },
  }
}

const sum = (list: readonly Entry[], name: string): number => list.reduce((n, e) => n + number(e[name]), 0)

/** An optional field that has no value is left out. */
function defined<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Partial<Record<K, V>>)
}

type Counts = Pick<CallStats, 'at' | 'bytesIn' | 'bytesOut' | 'framesIn' | 'framesOut'>
type Rates = Pick<CallStats, 'kbitIn' | 'kbitOut' | 'framesPerSecondIn' | 'framesPerSecondOut'>

/** Below this, rates would be noise: those of before stand. */
const tooSoon = 300

function rates(now: Counts, before: Counts & Rates): Rates {
  const ms = now.at - before.at
  if (ms < tooSoon) {
    const { kbitIn, kbitOut, framesPerSecondIn: i, framesPerSecondOut: o } = before
    return { ...defined('kbitIn', kbitIn), ...defined('kbitOut', kbitOut), ...defined('framesPerSecondIn', i), ...defined('framesPerSecondOut', o) }
  }
  const grew = (name: keyof Counts, factor: number): number => Math.max(0, Math.round(((now[name] - before[name]) * factor) / ms))
  return {
    kbitIn: grew('bytesIn', 8),
    kbitOut: grew('bytesOut', 8),
    framesPerSecondIn: grew('framesIn', 1000),
    framesPerSecondOut: grew('framesOut', 1000),
  }
}

function sizeOf(list: readonly Entry[]): Size | undefined {
  const found = list.find((e) => e['kind'] === 'video' && number(e['frameWidth']) > 0)
  return found && { width: number(found['frameWidth']), height: number(found['frameHeight']) }
}

function codecsOf(inbound: readonly Entry[], outbound: readonly Entry[], byId: (id: unknown) => Entry | undefined): Codecs {
  const name = (list: readonly Entry[], kind: string): string | undefined => {
    const codec = list.filter((e) => e['kind'] === kind).map((e) => byId(e['codecId'])).find((c) => c !== undefined)
    const mime = codec?.['mimeType']
    return typeof mime === 'string' ? mime.slice(mime.indexOf('/') + 1) : undefined
  }
  return {
    ...defined('audioIn', name(inbound, 'audio')),
    ...defined('audioOut', name(outbound, 'audio')),
    ...defined('videoIn', name(inbound, 'video')),
    ...defined('videoOut', name(outbound, 'video')),
  }
}

function outgone(kind: string, outbound: readonly Entry[], heard: readonly Entry[]): Outgone {
  const sent = outbound.filter((e) => e['kind'] === kind)
  const reports = heard.filter((e) => e['kind'] === kind)
  const trips = reports.map((e) => maybe(e['roundTripTime'])).filter((v) => v !== undefined)
  return {
    packets: sum(sent, 'packetsSent'),
    bytes: sum(sent, 'bytesSent'),
    lost: sum(reports, 'packetsLost'),
    reportedAt: Math.max(0, ...reports.map((e) => number(e['timestamp']))),
    fractionLost: Math.max(0, ...reports.map((e) => number(e['fractionLost']))),
    roundTripMs: trips.length === 0 ? undefined : Math.round(Math.max(...trips) * 1000),
  }
}

function kindsOf(local: Entry, remote: Entry): NonNullable<CallStats['candidates']> {
  const kind = (e: Entry): string => (typeof e['candidateType'] === 'string' ? e['candidateType'] : '')
  return { local: kind(local), remote: kind(remote) }
}

/**
 * What checks from a way before word of it comes is peer-reflexive, and stays
 * so for Firefox: a relay would pass for a direct way.
 */
function known(remote: Entry | undefined, relays?: ReadonlySet<string>): Entry | undefined {
  if (remote?.['candidateType'] !== 'prflx') return remote
  const place = placeOf(String(remote['address']), String(remote['port']))
  return relays?.has(place) === true ? { ...remote, candidateType: 'relay' } : remote
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
