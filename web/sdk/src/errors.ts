import { type ErrorCode } from './wire.gen.ts'

/** FieldFault is one field of a request that breaks a rule. */
export interface FieldFault {
  readonly field: string
  readonly rule: string
  readonly limit?: number
}

/** ApiErrorParts is what an ApiError carries. */
export interface ApiErrorParts {
  readonly code: ErrorCode
  readonly status: number
  /** English, for technical detail; people read a sentence made from code and fields. */
  readonly text: string
  readonly fields?: readonly FieldFault[]
  readonly retryAfter?: number
}

/** ApiError is the server's refusal of a request. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly code: ErrorCode
  readonly status: number
  readonly text: string
  /** Every field that breaks a rule. */
  readonly fields: readonly FieldFault[]
  /** Seconds until it is worth trying again. */
  readonly retryAfter: number | undefined

  constructor(parts: ApiErrorParts) {
    super(`${parts.code} (${parts.status})`)
    this.code = parts.code
    this.status = parts.status
    this.text = parts.text
    this.fields = parts.fields ?? []
    this.retryAfter = parts.retryAfter
  }

  /** The first field that breaks a rule, the rule, and its bound. */
  get field(): string | undefined {
    return this.fields[0]?.field
  }

  get rule(): string | undefined {
    return this.fields[0]?.rule
  }

  get limit(): number | undefined {
    return this.fields[0]?.limit
  }
}

/** NetworkErrorKind tells why no answer of the server was had. */
export type NetworkErrorKind = 'offline' | 'timeout' | 'aborted' | 'bad_answer'

/** NetworkError says that no usable answer came. Whether the request took effect is unknown. */
export class NetworkError extends Error {
  override name = 'NetworkError'
  readonly kind: NetworkErrorKind

  constructor(kind: NetworkErrorKind, options?: ErrorOptions) {
    super(kind, options)
    this.kind = kind
  }
}
