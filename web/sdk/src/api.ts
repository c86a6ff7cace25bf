import {
  type Entered,
  type FriendList,
  type Invite,
  type InviteInfo,
  type Inviter,
  type Me,
  type NewInvite,
  type Notice,
  type OutgoingAsk,
  readEntered,
  readFriends,
  readInviteInfo,
  readInviter,
  readInvites,
  readMe,
  readNewInvite,
  readNotices,
  readOutgoing,
  readServer,
  type ServerInfo,
} from './api-types.ts'
import { type Environment } from './environment.ts'
import { ApiError, NetworkError } from './errors.ts'
import { list, Malformed, object, oneOfOr, type Reader, text, whole } from './read.ts'
import { type AccountId, type DeviceId, errorCodes, type InviteId, type NoticeId } from './wire.gen.ts'

/** How long a request may take; hashing a password on a small machine takes a while. */
const requestTimeout = 20_000

/** SignUp makes an account with an invite. */
export interface SignUp {
  readonly invite: string
  readonly name: string
  readonly displayName: string
  readonly password: string
  readonly deviceName?: string
}

/** SignIn enters an account; device is an id that this account had before. */
export interface SignIn {
  readonly handle: string
  readonly password: string
  readonly device?: DeviceId
  readonly deviceName?: string
}

/** RequestOptions may end a request early. */
export interface RequestOptions {
  readonly signal?: AbortSignal
}

/** ApiOptions says where the server is, and how to be known to it. */
export interface ApiOptions {
  /** Address without a trailing slash; the page's own where it is left out. */
  readonly base?: string
  /** A bearer token instead of the browser's cookie. */
  readonly token?: string
  /** Ask for a bearer token at sign-up and sign-in, and use it from then on. */
  readonly bearer?: boolean
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

const nothing: Reader<void> = () => undefined

const problem = object(
  { code: oneOfOr(errorCodes, 'internal'), detail: text },
  { errors: list(object({ field: text, rule: text }, { limit: whole })), retry_after: whole },
)

const seg = (value: string): string => encodeURIComponent(value)

/** Api asks the server's HTTP interface. Every method throws ApiError or NetworkError and nothing else. */
export class Api {
  readonly #env: Environment
  readonly #base: string
  readonly #bearer: boolean
  #token: string | undefined

  constructor(env: Environment, options: ApiOptions = {}) {
    this.#env = env
    this.#base = options.base ?? ''
    this.#bearer = options.bearer ?? options.token !== undefined
    this.#token = options.token
  }

  /** The bearer token in use, for programs that keep it. */
  get token(): string | undefined {
    return this.#token
  }

  server(o?: RequestOptions): Promise<ServerInfo> {
    return this.#ask('GET', '/server', readServer, undefined, o)
  }

  inspectInvite(token: string, o?: RequestOptions): Promise<InviteInfo> {
    return this.#ask('POST', '/invites/inspect', readInviteInfo, { token }, o)
  }

  async signUp(s: SignUp, o?: RequestOptions): Promise<Me> {
    const body = {
      invite: s.invite,
      name: s.name,
      display_name: s.displayName,
      password: s.password,
      device_name: s.deviceName,
      bearer: this.#bearer || undefined,
    }
    return this.#enter(await this.#ask('POST', '/signup', readEntered, body, o))
  }

  async signIn(s: SignIn, o?: RequestOptions): Promise<Me> {
    const body = {
      handle: s.handle,
      password: s.password,
      device: s.device,
      device_name: s.deviceName,
      bearer: this.#bearer || undefined,
    }
    return this.#enter(await this.#ask('POST', '/login', readEntered, body, o))
  }

  async signOut(o?: RequestOptions): Promise<void> {
    await this.#ask('POST', '/logout', nothing, undefined, o)
    this.#token = undefined
  }

  me(o?: RequestOptions): Promise<Me> {
    return this.#ask('GET', '/me', readMe, undefined, o)
  }

  setDisplayName(name: string, o?: RequestOptions): Promise<Me> {
    return this.#ask('PATCH', '/me', readMe, { display_name: name }, o)
  }

  /** changePassword ends every other session of the account. A wrong current password is bad_credentials; this session goes on. */
  changePassword(current: string, next: string, o?: RequestOptions): Promise<void> {
    return this.#ask('PUT', '/me/password', nothing, { current, password: next }, o)
  }

  friends(o?: RequestOptions): Promise<FriendList> {
    return this.#ask('GET', '/friends', readFriends, undefined, o)
  }

  /** ask asks whoever has the handle to be a friend; the answer is the same where nobody has it. */
  ask(handle: string, o?: RequestOptions): Promise<OutgoingAsk> {
    return this.#ask('POST', '/friends/requests', readOutgoing, { handle }, o)
  }

  acceptAsk(account: AccountId, o?: RequestOptions): Promise<void> {
    return this.#ask('POST', `/friends/requests/${seg(account)}/accept`, nothing, undefined, o)
  }

  declineAsk(account: AccountId, o?: RequestOptions): Promise<void> {
    return this.#ask('POST', `/friends/requests/${seg(account)}/decline`, nothing, undefined, o)
  }

  /** withdrawAsk takes back a request of our own; account is the one that OutgoingAsk names. */
  withdrawAsk(account: AccountId, o?: RequestOptions): Promise<void> {
    return this.#ask('DELETE', `/friends/requests/${seg(account)}`, nothing, undefined, o)
  }

  removeFriend(account: AccountId, o?: RequestOptions): Promise<void> {
    return this.#ask('DELETE', `/friends/${seg(account)}`, nothing, undefined, o)
  }

  block(account: AccountId, o?: RequestOptions): Promise<void> {
    return this.#ask('PUT', `/friends/${seg(account)}/block`, nothing, undefined, o)
  }

  unblock(account: AccountId, o?: RequestOptions): Promise<void> {
    return this.#ask('DELETE', `/friends/${seg(account)}/block`, nothing, undefined, o)
  }

  createInvite(o?: RequestOptions): Promise<NewInvite> {
    return this.#ask('POST', '/invites', readNewInvite, undefined, o)
  }

  invites(o?: RequestOptions): Promise<readonly Invite[]> {
    return this.#ask('GET', '/invites', readInvites, undefined, o)
  }

  revokeInvite(id: InviteId, o?: RequestOptions): Promise<void> {
    return this.#ask('DELETE', `/invites/${seg(id)}`, nothing, undefined, o)
  }

  /** redeemInvite makes the one who invited a friend. */
  redeemInvite(token: string, o?: RequestOptions): Promise<Inviter> {
    return this.#ask('POST', '/invites/redeem', readInviter, { token }, o)
  }

  notices(o?: RequestOptions): Promise<readonly Notice[]> {
    return this.#ask('GET', '/notices', readNotices, undefined, o)
  }

  seeNotice(id: NoticeId, o?: RequestOptions): Promise<void> {
    return this.#ask('DELETE', `/notices/${seg(id)}`, nothing, undefined, o)
  }

  seeAllNotices(o?: RequestOptions): Promise<void> {
    return this.#ask('DELETE', '/notices', nothing, undefined, o)
  }

  #enter(entered: Entered): Me {
    if (this.#bearer) this.#token = entered.token
    return entered.account
  }

  async #ask<T>(method: Method, path: string, read: Reader<T>, body?: object, options?: RequestOptions): Promise<T> {
    const timeout = AbortSignal.timeout(requestTimeout)
    const signal = options?.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
    const headers = new Headers({ Accept: 'application/json' })
    if (body !== undefined) headers.set('Content-Type', 'application/json')
    if (this.#token !== undefined) headers.set('Authorization', `Bearer ${this.#token}`)
    try {
      const response = await this.#env.fetch(`${this.#base}/api/v1${path}`, {
        method,
        headers,
        signal,
        credentials: this.#bearer ? 'omit' : 'same-origin',
        cache: 'no-store',
        redirect: 'error',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (!response.ok) throw await refusal(response)
      return read(read === (nothing as unknown) ? undefined : await response.json(), path)
    } catch (error) {
      throw classify(error, timeout, options?.signal)
    }
  }
}

function classify(error: unknown, timeout: AbortSignal, own: AbortSignal | undefined): Error {
  if (error instanceof ApiError) return error
  if (own?.aborted === true) return new NetworkError('aborted', { cause: error })
  if (timeout.aborted) return new NetworkError('timeout', { cause: error })
  if (error instanceof Malformed || error instanceof SyntaxError) return new NetworkError('bad_answer', { cause: error })
  return new NetworkError('offline', { cause: error })
}

/** refusal reads problem+json. What is not, as from a proxy in between, becomes an error by its status. */
async function refusal(response: Response): Promise<ApiError> {
  const { status } = response
  const header = Number(response.headers.get('Retry-After') ?? NaN)
  const wait = Number.isSafeInteger(header) && header >= 0 ? header : undefined
  try {
    const p = problem(await response.json(), 'problem')
    const retryAfter = p.retry_after ?? wait
    return new ApiError({
      code: p.code,
      status,
      text: p.detail,
      ...(p.errors === undefined ? {} : { fields: p.errors }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    })
  } catch (error) {
    if (!(error instanceof Malformed) && !(error instanceof SyntaxError)) throw error
    return new ApiError({ code: codeOf(status), status, text: '', ...(wait === undefined ? {} : { retryAfter: wait }) })
  }
}

function codeOf(status: number): ApiError['code'] {
  switch (status) {
    case 401:
      return 'unauthorized'
    case 403:
      return 'forbidden'
    case 404:
      return 'not_found'
    case 413:
      return 'too_large'
    case 429:
      return 'rate_limited'
    case 502:
    case 503:
    case 504:
      return 'unavailable'
    default:
      return 'internal'
  }
}
