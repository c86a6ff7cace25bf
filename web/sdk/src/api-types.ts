import { flag, list, matching, object, oneOf, type Reader, record, text, time, whole } from './read.ts'
import { isId } from './text.ts'
import { type AccountId, type DeviceId, type InviteId, type NoticeId } from './wire.gen.ts'

// What the HTTP API answers, and how it is read. The wire has snake_case, here
// it is camelCase; times are Dates.

/** ServerInfo says what a server is and allows. */
export interface ServerInfo {
  readonly name: string
  readonly version: string
  readonly protocol: { readonly min: number; readonly max: number }
  readonly signup: string
  readonly password: { readonly minLength: number; readonly maxLength: number; readonly minScore: number }
  readonly limits: Readonly<Record<string, number>>
}

/** Inviter is who made an invite. */
export interface Inviter {
  readonly account: AccountId
  readonly displayName: string
}

/** InviteInfo is what an invite shows before it is used. */
export interface InviteInfo {
  readonly kind: 'operator' | 'friend'
  readonly inviter?: Inviter
  readonly expiresAt: Date
}

/** Me is the signed-in account on this device. */
export interface Me {
  readonly id: AccountId
  readonly handle: string
  readonly displayName: string
  readonly role: string
  readonly device: DeviceId
}

/** Entered is the answer to signing up or in; the token is there only where a bearer token was asked for. */
export interface Entered {
  readonly account: Me
  readonly token?: string
}

/** Person is somebody else. */
export interface Person {
  readonly account: AccountId
  readonly handle: string
  readonly displayName: string
}

/** Friend is somebody who may be called. */
export interface Friend extends Person {
  readonly since: Date
  readonly online: boolean
}

/** IncomingAsk is somebody who would like to be a friend. */
export interface IncomingAsk extends Person {
  readonly askedAt: Date
  readonly expiresAt: Date
}

/** OutgoingAsk is a request of our own. Its account is a reference for withdrawing it, and not the other's account. */
export interface OutgoingAsk {
  readonly account: AccountId
  readonly handle: string
  readonly askedAt: Date
  readonly expiresAt: Date
}

/** FriendList is everything between this account and others. */
export interface FriendList {
  readonly friends: readonly Friend[]
  readonly incoming: readonly IncomingAsk[]
  readonly outgoing: readonly OutgoingAsk[]
  readonly blocked: readonly Person[]
}

/** Invite is an open invite of our own. */
export interface Invite {
  readonly id: InviteId
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** NewInvite is the only answer that holds an invite's token. */
export interface NewInvite {
  readonly id: InviteId
  readonly token: string
  readonly expiresAt: Date
  /** Where other devices open it; without one, /invite of this page's own address. */
  readonly page?: string
}

/** Notice tells of something that happened while nobody was there. */
export interface Notice {
  readonly id: NoticeId
  readonly kind: 'missed_call'
  readonly from: Person
  readonly video: boolean
  readonly at: Date
}

const account = matching<AccountId>(isId, 'an id')

/** mapped reads with one reader and gives the result another shape. */
function mapped<T, U>(read: Reader<T>, shape: (value: T) => U): Reader<U> {
  return (v, path) => shape(read(v, path))
}

const numbers: Reader<Readonly<Record<string, number>>> = (v, path) =>
  Object.fromEntries(Object.entries(record(v, path)).filter((e): e is [string, number] => typeof e[1] === 'number'))

export const readServer: Reader<ServerInfo> = mapped(
  object({
    name: text,
    version: text,
    protocol: object({ min: whole, max: whole }),
    signup: text,
    password: object({ min_length: whole, max_length: whole, min_score: whole }),
    limits: numbers,
  }),
  ({ password: p, ...rest }) => ({
    ...rest,
    password: { minLength: p.min_length, maxLength: p.max_length, minScore: p.min_score },
  }),
)

export const readInviter: Reader<Inviter> = mapped(object({ account, display_name: text }), (r) => ({
  account: r.account,
  displayName: r.display_name,
}))

export const readInviteInfo: Reader<InviteInfo> = mapped(
  object({ kind: oneOf(['operator', 'friend']), expires_at: time }, { inviter: readInviter }),
  ({ kind, inviter, expires_at }) => ({ kind, expiresAt: expires_at, ...(inviter === undefined ? {} : { inviter }) }),
)

export const readMe: Reader<Me> = mapped(
  object({ id: account, handle: text, display_name: text, role: text, device: matching<DeviceId>(isId, 'an id') }),
  ({ display_name, ...rest }) => ({ ...rest, displayName: display_name }),
)

export const readEntered: Reader<Entered> = object({ account: readMe }, { token: text })

const person = { account, handle: text, display_name: text }
const readPerson: Reader<Person> = mapped(object(person), ({ display_name, ...rest }) => ({
  ...rest,
  displayName: display_name,
}))

const readFriend: Reader<Friend> = mapped(object({ ...person, since: time, online: flag }), ({ display_name, ...rest }) => ({
  ...rest,
  displayName: display_name,
}))

const readIncoming: Reader<IncomingAsk> = mapped(object({ ...person, asked_at: time, expires_at: time }), (r) => ({
  account: r.account,
  handle: r.handle,
  displayName: r.display_name,
  askedAt: r.asked_at,
  expiresAt: r.expires_at,
}))

export const readOutgoing: Reader<OutgoingAsk> = mapped(
  object({ account, handle: text, asked_at: time, expires_at: time }),
  (r) => ({ account: r.account, handle: r.handle, askedAt: r.asked_at, expiresAt: r.expires_at }),
)

export const readFriends: Reader<FriendList> = object({
  friends: list(readFriend),
  incoming: list(readIncoming),
  outgoing: list(readOutgoing),
  blocked: list(readPerson),
})

const inviteId = matching<InviteId>(isId, 'an id')

export const readNewInvite: Reader<NewInvite> = mapped(object({ id: inviteId, token: text, expires_at: time }, { page: text }), ({ id, token, expires_at, page }) => ({
  id,
  token,
  expiresAt: expires_at,
  ...(page === undefined ? {} : { page }),
}))

export const readInvites: Reader<readonly Invite[]> = mapped(
  object({
    invites: list(
      mapped(object({ id: inviteId, created_at: time, expires_at: time }), (r) => ({
        id: r.id,
        createdAt: r.created_at,
        expiresAt: r.expires_at,
      })),
    ),
  }),
  (r) => r.invites,
)

const missed = object({
  id: matching<NoticeId>(isId, 'an id'),
  kind: oneOf(['missed_call']),
  from: readPerson,
  video: flag,
  at: time,
})

/** readNotices leaves out kinds that a newer server has and we don't know. */
export const readNotices: Reader<readonly Notice[]> = mapped(
  object({ notices: list(record) }),
  (r): readonly Notice[] => r.notices.filter((n) => n['kind'] === 'missed_call').map((n, i) => missed(n, `notices[${i}]`)),
)
