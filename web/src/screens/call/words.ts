import { type CallShown } from '../../state/call.ts'
import { type Arrival } from '../../state/call-picture.ts'
import { type Note } from '../../state/call-notes.ts'
import { t } from '../../text/index.ts'

/** wordsOfState says how far a call is. */
export function wordsOfState(shown: CallShown): string {
  switch (shown.state) {
    case 'outgoing':
      return shown.ringing ? t.call.states.ringing : t.call.states.calling
    case 'incoming':
      return shown.video ? t.call.states.incomingVideo : t.call.states.incoming
    default:
      return t.call.states[shown.state]
  }
}

/** wordsOfNote says what has just happened. */
export function wordsOfNote(note: Note): string {
  const s = t.stage
  switch (note.kind) {
    case 'share_failed':
      return s.shareFailed
    case 'swap_failed':
      return s.swapFailed
    case 'device':
      if (note.device === 'camera') return note.now === 'lost' ? s.cameraLost : s.cameraSwitched(note.label)
      return note.now === 'lost' ? s.microphoneLost : s.microphoneSwitched(note.label)
  }
}

/** theirRemarks are what there is to know about the other side. */
export function theirRemarks(shown: CallShown, name: string, arrival: Arrival = 'comes'): string[] {
  const { talked, video, remote, away } = shown
  const quiet = away || shown.state !== 'connected' || remote.held // the reason is said already
  if (!talked) return away ? [t.call.theyAway(name)] : []
  return [
    away && t.call.theyAway(name),
    !remote.audio && t.call.theyMuted(name),
    !quiet && arrival === 'missing' && t.stage.theyMissing(name),
    !quiet && !remote.screen && arrival === 'stopped' && t.stage.theyStopped(name),
    remote.video && remote.held && t.stage.theyHeld(name),
    remote.screen && t.stage.theyShare(name),
    video && !remote.video && !remote.screen && t.call.theirCameraOff(name),
  ].filter((x) => x !== false)
}

/** told says that a larger box says the same already. */
const told = (shown: CallShown, note: Note): boolean => note.kind === 'device' && note.now === 'lost' && shown.trouble?.device === note.device

/** ownRemarks are what there is to know about one's own side; cut: the server can't be reached. */
export function ownRemarks(shown: CallShown, cut: boolean, note: Note | undefined): string[] {
  const { talked } = shown
  return [
    cut && !talked && t.errors.codes.network,
    shown.state === 'reconnecting' && !shown.away && t.stage.stay,
    talked && shown.held && t.stage.held,
    note !== undefined && !told(shown, note) && wordsOfNote(note),
  ].filter((x) => x !== false)
}
