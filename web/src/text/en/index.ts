// Every word that a person sees, in English. Other languages have this very
// shape. Sentences say what happened and what to do; they never blame, beg or
// shout. A parameter is a value of the person's (a name, a time), never a word.

import { attention } from './attention.ts'
import { call } from './call.ts'
import { devices } from './devices.ts'
import { invite, login, password } from './entry.ts'
import { errors } from './errors.ts'
import { f } from './format.ts'
import { people, confirm, done, history } from './people.ts'
import { settings } from './settings.ts'
import { stage } from './stage.ts'
import { app, link, notFound } from './shell.ts'

export const en = {
  /** Not shown: for `lang`, `dir` and Intl. */
  meta: { locale: 'en', dir: 'ltr' as 'ltr' | 'rtl' },
  app,
  link,
  invite,
  login,
  password,
  people,
  history,
  confirm,
  settings,
  done,
  call,
  stage,
  attention,
  devices,
  errors,
  notFound,

  clock: (s: number) => f.clock(s),
}

/** Text is the shape of a catalogue. */
export type Text = typeof en
