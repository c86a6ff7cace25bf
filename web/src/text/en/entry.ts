import { f } from './format.ts'

export const invite = {
  title: 'You are invited',
  checking: 'Looking at your invitation',
  from: (name: string) => `${name} invites you to Ringfence`,
  fromServer: 'You are invited to Ringfence',
  what: 'Voice and video calls between friends, on a server that one of you runs. Nobody else can reach you here.',
  begin: 'Start',
  haveAccount: 'I have an account',
  step: (n: number, of: number) => `Step ${n} of ${of}`,

  nameTitle: 'What do friends call you?',
  name: 'Your name',
  nameHelp: 'Friends see this. You can change it at any time.',
  handle: 'Sign-in name',
  handleHelp: (preview: string) =>
    preview === '' ? 'Others can add you by it. The server puts four digits behind.' : `Others can add you by it: ${preview}. The four digits come from the server.`,
  next: 'Continue',

  passwordTitle: 'Choose a password',
  passwordWhy: 'There is no e-mail address to reset it with. Four or five words that don’t belong together work well.',
  create: 'Create account',
  creating: 'Creating your account',

  ownerWhat: 'You will be the owner of this server, and the first person on it. Then you invite the friends you would like to call.',
  ownerNext: 'Nobody else is here yet. Make a link, and send it to a friend.',
  ownerInvite: 'Invite a friend',
  doneCheck: 'Try camera and sound first',

  doneTitle: (name: string) => `Welcome, ${name}`,
  doneHandle: 'Your sign-in name. With it you sign in on other devices, and others can add you:',
  doneFriend: (name: string) => `You and ${name} are friends now.`,
  doneHome: 'Go to people',

  acceptTitle: (name: string) => `Add ${name} as a friend?`,
  acceptWhy: 'You will see when the other is here, and can call each other.',
  accept: 'Add friend',
  notNow: 'Not now',
  ownServer: 'You have an account here already. This invitation is for somebody new.',

  badTitle: 'This invitation no longer works',
  badWhy: 'It was used, taken back, or is older than seven days. Ask whoever sent it for a new one.',
  noneTitle: 'Ringfence works by invitation',
  noneWhy: 'Ask a friend who is here for a link. If this is your own server, it printed your first link when it started.',
  expires: (then: Date, now: Date) => `Works once, and ends ${f.until(then, now)}.`,
}

export const login = {
  title: 'Sign in',
  handle: 'Sign-in name',
  handleHelp: 'For example anna.4821',
  password: 'Password',
  submit: 'Sign in',
  submitting: 'Signing in',
  newHere: 'New here? You need an invitation from a friend.',
  forgot: 'Password forgotten? Whoever runs this server can set a new one.',
  ended: 'You were signed out here. Sign in again to go on.',
}

export const password = {
  label: 'Password',
  show: 'Show password',
  hide: 'Hide password',
  strength: 'Password strength',
  scores: ['Very easy to guess', 'Easy to guess', 'Still easy to guess', 'Hard to guess', 'Very hard to guess'],
  loading: 'Checking',
  tooShort: (min: number) => f.count(min, { one: 'At least # character.', other: 'At least # characters.' }),
  more: 'Add another word or two that don’t belong together.',
  reasons: {
    straightRow: 'A row of keys is among the first things that are tried.',
    keyPattern: 'A short pattern on the keyboard is quickly tried.',
    simpleRepeat: 'The same character again and again adds little.',
    extendedRepeat: 'Repeating a part adds little.',
    sequences: 'A sequence such as abc or 123 adds little.',
    recentYears: 'Years are quickly tried.',
    dates: 'Dates are quickly tried.',
    topTen: 'This is one of the ten most used passwords.',
    topHundred: 'This is one of the hundred most used passwords.',
    common: 'Many people use this password.',
    similarToCommon: 'This is close to a password that many people use.',
    wordByItself: 'A single word is quickly tried.',
    namesByThemselves: 'A name by itself is quickly tried.',
    commonNames: 'Common names are quickly tried.',
    userInputs: 'Your own name or sign-in name is tried first.',
    pwned: 'This password is known from a leak.',
  },
}
