import { type ErrorCode } from '@ringfence/sdk'

import { type Action, type LocalCode, type Problem } from '../../state/problem.ts'
import { f } from './format.ts'

const seconds = (p: Problem): string => f.wait(p.retryAfter ?? 30)

export const errors = {
  codes: {
    internal: 'Something went wrong on the server. Try again; if it stays, tell whoever runs it.',
    invalid: 'Something in this form isn’t right yet.',
    unauthorized: 'You are signed out. Sign in again to go on.',
    bad_credentials: 'Sign-in name and password don’t fit together. The sign-in name has four digits at the end, such as anna.4821.',
    forbidden: 'Your account may not do this.',
    unreachable: 'This person can’t be reached right now.',
    not_found: 'This is no longer there. The list is up to date again.',
    conflict: 'This has changed meanwhile. Look again, then decide.',
    invite_invalid: 'This invitation was used, taken back, or is too old. Ask for a new one.',
    password_weak: 'This password is too easy to guess. Add another word or two.',
    name_taken: 'No number is left for this sign-in name. Choose another one.',
    rate_limited: (p: Problem) => `That was often in a short time. Try again in ${seconds(p)}.`,
    too_large: 'This is too long. Shorten it and try again.',
    too_many: (p: Problem) =>
      p.limit === undefined
        ? 'There is no room for another one. Remove one first.'
        : f.count(p.limit, { one: 'There is room for only #. Remove it first.', other: 'There is room for # at most. Remove one first.' }),
    unavailable: (p: Problem) => `The server is busy. Try again in ${seconds(p)}.`,
    unknown_kind: 'This server is older than this page and doesn’t know that yet.',
    bad_frame: 'This page and the server misunderstood each other. Load the page again.',
    version: 'This page is older than the server. Load it again.',
    out_of_turn: 'The call had already moved on.',
    call_gone: 'This call is over. Call again to go on.',

    network: 'The server can’t be reached. Check this device’s network, then try again.',
    clipboard: 'The browser didn’t let us copy. Select the text and copy it yourself.',
    no_calls: 'This browser can’t make calls. Open this page in Firefox, Chrome or Safari.',
    camera_missing: 'No camera was found. Plug one in, or go on without.',
    microphone_missing: 'No microphone was found. Plug one in, then try again.',
    media_denied: 'The browser keeps camera and microphone from this page. Allow them beside the address, then try again.',
    media_in_use: 'Camera or microphone are used by another program. Close it, then try again.',
    media_insecure: 'Browsers allow camera and microphone only on secure addresses. Open this page at its https:// address.',
    effect_failed: 'The background can’t be blurred on this device, so the camera stays off. Switch the blur off, then try again.',
    media_failed: 'Camera or microphone didn’t start. Unplug and plug them in again, then try again.',
  } satisfies Record<ErrorCode | LocalCode, string | ((p: Problem) => string)>,

  /** Words for a code where what was being tried makes a difference. */
  during: {
    request: { not_found: 'This request is gone. It was taken back, or had ended.' },
    call: { rate_limited: 'You have called often in a short time. Wait a minute.' },
  } as Readonly<Record<Action, Readonly<Partial<Record<string, string>>>>>,

  /** By field and rule, as the server names them; what has no words here falls to `rules`. */
  fields: {
    'name.required': 'Choose a sign-in name.',
    'name.min_length': (n: number) => f.count(n, { one: 'A sign-in name has at least # character.', other: 'A sign-in name has at least # characters.' }),
    'name.max_length': (n: number) => f.count(n, { one: 'A sign-in name has at most # character.', other: 'A sign-in name has at most # characters.' }),
    'name.first_letter': 'A sign-in name starts with a letter.',
    'name.characters': 'Only the letters a to z, digits, - and _.',
    'name.taken': 'No number is left for this sign-in name. Choose another one.',
    'display_name.required': 'Say what friends call you.',
    'display_name.visible': 'This name can’t be seen. Use letters.',
    'display_name.characters': 'This name has characters that can’t be shown. Remove them.',
    'display_name.max_bytes': 'This name takes too much room. Shorten it.',
    'handle.required': 'Type a sign-in name.',
    'handle.format': 'A sign-in name looks like anna.4821.',
    'handle.friends': 'You are friends already.',
    'handle.blocked': 'You have blocked this person. Unblock them first.',
    'handle.self': 'That is your own sign-in name.',
    'token.friends': 'You are friends already.',
    'token.blocked': 'You have blocked whoever invites you. Unblock them first.',
    'token.self': 'This invitation is your own. Send it to a friend.',
    'account.self': 'That is you.',
    'password.required': 'Type a password.',
    'password.differs': 'This is the password you have. Choose another one.',
    'current.required': 'Type your current password.',
    'current.wrong': 'This isn’t your current password.',
    'password.strength': 'This password is too easy to guess. Add another word or two.',
    'friends.max': (n: number) => f.count(n, { one: 'One of you has # friend already, and there is room for no more.', other: 'One of you has # friends already, and there is room for no more.' }),
    'requests.max': (n: number) => f.count(n, { one: '# of your requests is still open. Take it back first.', other: '# of your requests are still open. Take one back first.' }),
    'invites.max': (n: number) => f.count(n, { one: '# of your links is still open. Take it back first.', other: '# of your links are still open. Take one back first.' }),
    'blocked.max': (n: number) => f.count(n, { one: 'You have blocked # person, and there is room for no more.', other: 'You have blocked # people, and there is room for no more.' }),
  } as Readonly<Record<string, string | ((limit: number) => string)>>,

  rules: {
    required: 'This can’t be empty.',
    min_length: (n: number) => f.count(n, { one: 'At least # character.', other: 'At least # characters.' }),
    max_length: (n: number) => f.count(n, { one: 'At most # character.', other: 'At most # characters.' }),
    max_bytes: 'This is too long. Shorten it.',
    characters: 'This has characters that can’t be used here. Remove them.',
    other: 'This can’t be used here.',
  } as Readonly<Record<string, string | ((limit: number) => string)>>,
}
