// Why something was refused: the codes of docs/crypto.md, the same here and in
// Go. They are for the device and the person before it, and never go to the hub.

/** reasons are all codes there are: of form, keys and logs, prekeys and friends, envelopes, calls, and of linking and recovery. */
export const reasons = [
  'malformed', 'version', 'kind', 'flags', 'bucket', 'padding',
  'key_invalid', 'log_genesis', 'log_gap', 'log_fork', 'log_rollback', 'log_signer', 'log_join', 'log_repeated', 'log_reset', 'log_full', 'log_ended',
  'suite', 'prekey_signature', 'prekey_device', 'prekey_dates', 'prekey_older', 'request', 'request_expired', 'accept',
  'not_for_me', 'own_echo', 'sender_unknown', 'kind_rule', 'device_revoked', 'replay', 'conflict', 'replay_full',
  'prekey_unknown', 'prekey_used', 'prekey_expired', 'answer_twice', 'answer_device', 'open',
  'sender', 'recipient', 'conversation', 'signature', 'head_to', 'head_from', 'expired', 'ring_old',
  'leg', 'call_id', 'call_repeated', 'ring_hash', 'fingerprint', 'candidate_early', 'commit',
  'frame_other', 'frame_direction', 'frame_old', 'frame_gap', 'frame_open', 'frame_rule',
  'link_mac', 'link_twice', 'link_late', 'code', 'backup_signature',
] as const

/** Reason is why something was refused. */
export type Reason = (typeof reasons)[number]

/** Refusal is the one kind of error that is made of what was given, whatever that was. */
export class Refusal extends Error {
  override name = 'Refusal'

  readonly reason: Reason

  constructor(reason: Reason) {
    super(`seal: ${reason}`)
    this.reason = reason
  }
}

/** refuse throws the Refusal of a reason. */
export function refuse(reason: Reason): never {
  throw new Refusal(reason)
}

/** reasonOf returns the reason of a Refusal, and undefined for anything else. */
export function reasonOf(error: unknown): Reason | undefined {
  return error instanceof Refusal ? error.reason : undefined
}
