// How much picture a network takes. Sound goes first: before it suffers, the
// picture gets smaller, and at last waits.

/** Rung is what the picture may use. */
export interface Rung {
  readonly kbit: number
  /** How much smaller than the camera's the picture is, each way. */
  readonly scale: number
  readonly framesPerSecond: number
  /** What the sound may use: little at the bottom, where it would crowd itself out. */
  readonly soundKbit: number
}

/** The rungs, best first. Below the last one the picture is held. */
export const rungs: readonly Rung[] = [
  { kbit: 1500, scale: 1, framesPerSecond: 30, soundKbit: 64 },
  { kbit: 600, scale: 1, framesPerSecond: 30, soundKbit: 48 },
  { kbit: 250, scale: 2, framesPerSecond: 24, soundKbit: 32 },
  { kbit: 100, scale: 3, framesPerSecond: 15, soundKbit: 24 },
]

/** The rung on which nothing of the picture is sent. */
export const heldRung = rungs.length

/** Figures are what is known of the network since the figures before. */
export interface Figures {
  /** Milliseconds; only differences count. */
  readonly at: number
  /** Share of our packets that did not arrive, where the other side reported anew. */
  readonly loss?: number | undefined
  readonly roundTripMs?: number | undefined
  /** What the browser believes that the way takes, in kbit/s. */
  readonly room?: number | undefined
  /** What was sent, in kbit/s. */
  readonly sent?: number | undefined
}

/** Ladder is where the picture stands, and since when. */
export interface Ladder {
  readonly rung: number
  /** When it was last looked at. */
  readonly at: number
  /** When it last changed, and whether that was upwards. */
  readonly since: number
  readonly climbed: boolean
  /** Since when nothing has spoken against more. */
  readonly goodSince: number
  /** Readings in a row that were bad. */
  readonly bad: number
  /** How long it has to be good before more is tried; grows with each try that fails. */
  readonly patience: number
  /** The shortest round trip seen lately: what lies above it is waiting in queues. */
  readonly floorMs: number
}

const patienceAtFirst = 6_000
const patienceAtMost = 60_000
/** A step up that is taken back within this time was a mistake. */
const trial = 8_000
/** What the sound and the packets' heads want beside the picture, in kbit/s. */
const besidePicture = 50
/** The shortest round trip is forgotten at this rate: the way may have become a longer one. */
const forgetMsPerSecond = 10

export function newLadder(at: number): Ladder {
  return { rung: 0, at, since: at, climbed: false, goodSince: at, bad: 0, patience: patienceAtFirst, floorMs: Infinity }
}

/** afresh forgets what spoke for or against more: the way is another one. */
export function afresh(was: Ladder, at: number): Ladder {
  return { ...was, at, goodSince: at, bad: 0, climbed: false, floorMs: Infinity }
}

type Verdict = 'good' | 'unclear' | 'bad' | 'awful'

/** judge says what figures mean for what is being sent on a rung. */
export function judge(f: Figures, rung: number, floorMs: number): Verdict {
  const waiting = f.roundTripMs === undefined || floorMs === Infinity ? 0 : f.roundTripMs - floorMs
  const loss = f.loss ?? 0
  // The browser's belief follows what is sent: it says when there is less than
  // is needed, and never how much more there would be. A picture that needs
  // little is not short of anything.
  const needs = rung < heldRung ? (rungs[rung]?.kbit ?? 0) * 0.5 + besidePicture : 0
  const short = f.room !== undefined && f.room < needs && (f.sent ?? 0) > f.room * 0.75
  if (loss > 0.25 || waiting > 1500 || (short && f.room < needs / 3)) return 'awful'
  if (loss > 0.08 || waiting > 500 || short) return 'bad'
  if (loss > 0.03 || waiting > 200) return 'unclear'
  return 'good'
}

/** step is the whole decision: where the picture stands after these figures. */
export function step(was: Ladder, f: Figures): Ladder {
  const forgotten = was.floorMs + (forgetMsPerSecond * Math.max(0, f.at - was.at)) / 1000
  const floorMs = Math.min(forgotten, f.roundTripMs ?? Infinity)
  const verdict = judge(f, was.rung, floorMs)
  const calm = { ...was, at: f.at, floorMs }
  if (verdict === 'awful' || verdict === 'bad') {
    const bad = was.bad + (verdict === 'awful' ? 2 : 1)
    const worse = { ...calm, bad, goodSince: f.at }
    // One bad reading may be chance; and a step down needs a moment to show.
    if (bad < 2 || was.rung === heldRung || f.at - was.since < 1_500) return worse
    const failed = was.climbed && f.at - was.since < trial
    return {
      ...worse,
      rung: Math.min(heldRung, was.rung + (verdict === 'awful' ? 2 : 1)),
      since: f.at,
      climbed: false,
      bad: 0,
      patience: failed ? Math.min(patienceAtMost, was.patience * 2) : patienceAtFirst,
    }
  }
  if (verdict === 'unclear') return { ...calm, bad: 0, goodSince: f.at }
  const better = { ...calm, bad: f.loss === undefined ? was.bad : 0 } // no report is no good one
  if (was.rung === 0 || f.at - was.goodSince < was.patience) return better
  return { ...better, rung: was.rung - 1, since: f.at, climbed: true, goodSince: f.at }
}
