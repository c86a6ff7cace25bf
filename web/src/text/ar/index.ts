// Arabic: all that there is in English, which the compiler holds it to.

import { type Text } from '../en/index.ts'
import { attention } from './attention.ts'
import { call } from './call.ts'
import { devices } from './devices.ts'
import { invite, login, password } from './entry.ts'
import { errors } from './errors.ts'
import { f } from './format.ts'
import { confirm, done, history, people } from './people.ts'
import { settings } from './settings.ts'
import { app, link, notFound } from './shell.ts'
import { stage } from './stage.ts'

export const ar: Text = {
  meta: { locale: 'ar', dir: 'rtl' },
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
