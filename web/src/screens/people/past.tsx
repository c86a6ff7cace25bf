import { type LucideIcon, PhoneIncoming, PhoneMissed, PhoneOff, PhoneOutgoing, Video, VideoOff } from 'lucide-preact'

import { type PastCall } from '../../state/history.ts'
import { t } from '../../text/index.ts'

type Kind = keyof typeof t.history.what

/** kindOf names a past call as the catalogue does. */
function kindOf({ outcome, incoming }: PastCall): Kind {
  if (outcome === 'talked') return incoming ? 'talkedIn' : 'talkedOut'
  if (outcome === 'declined') return incoming ? 'declinedIn' : 'declinedOut'
  return outcome
}

/** whatWas says in words what a past call was. */
export const whatWas = (call: PastCall): string => t.history.what[kindOf(call)][call.video ? 'video' : 'voice']

/** signOf is its icon: beside the words, never in their stead. */
export function signOf({ outcome, incoming, video }: PastCall): LucideIcon {
  if (outcome === 'missed') return video ? VideoOff : PhoneMissed
  if (outcome === 'talked') return video ? Video : incoming ? PhoneIncoming : PhoneOutgoing
  return incoming ? PhoneOff : PhoneOutgoing
}

/** When it was, and how long where they talked. */
export function whenWas(call: PastCall): string[] {
  const time = t.history.time(new Date(call.at))
  return call.outcome === 'talked' ? [time, t.history.lasted(call.seconds)] : [time]
}
