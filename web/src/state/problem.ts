import { ApiError, type ErrorCode, type MediaErrorKind, NetworkError } from '@ringfence/sdk'

/** DeviceTrouble is why this device's camera or microphone cannot be used. */
export type DeviceTrouble =
  | 'camera_missing'
  | 'microphone_missing'
  | 'media_denied'
  | 'media_in_use'
  | 'media_insecure'
  | 'media_failed'
  | 'effect_failed'

/** deviceTroubles names what the SDK says of microphone and camera. */
export const deviceTroubles: Readonly<Record<MediaErrorKind, DeviceTrouble>> = {
  no_camera: 'camera_missing',
  no_microphone: 'microphone_missing',
  denied: 'media_denied',
  in_use: 'media_in_use',
  insecure: 'media_insecure',
  effect: 'effect_failed',
  unknown: 'media_failed',
}

/** LocalCode names a failure that happened on this device, before or after the server. */
export type LocalCode = DeviceTrouble | 'network' | 'clipboard' | 'no_calls'

/** FieldProblem is one field that breaks one rule. */
export interface FieldProblem {
  readonly field: string
  readonly rule: string
  readonly limit?: number | undefined
}

/** Action is what was being tried, where the same code needs different words. */
export type Action = 'request' | 'call'

/**
 * Problem is a failure as view models carry it: a code and typed parameters,
 * never a sentence. `text/errors.ts` turns it into one.
 */
export interface Problem {
  readonly code: ErrorCode | LocalCode
  readonly fields: readonly FieldProblem[]
  readonly limit?: number | undefined
  readonly retryAfter?: number | undefined
  readonly during?: Action | undefined
}

/** problem makes a Problem that has a code and nothing else. */
export function problem(code: Problem['code'], during?: Action): Problem {
  return { code, fields: [], during }
}

/** broken makes a Problem of one field, for rules that are checked before sending. */
export function broken(field: string, rule: string, limit?: number): Problem {
  return { code: 'invalid', fields: [{ field, rule, limit }] }
}

/** toProblem makes a Problem of whatever a request threw. */
export function toProblem(error: unknown, during?: Action): Problem {
  if (error instanceof ApiError) {
    const { code, fields, limit, retryAfter } = error
    return { code, fields, limit, retryAfter, during }
  }
  return problem(error instanceof NetworkError ? 'network' : 'internal', during)
}
