import { type CallShown } from '../../state/call.ts'
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
