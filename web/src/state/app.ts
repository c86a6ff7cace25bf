import { computed, signal } from '@preact/signals'
import { type Topic } from '@ringfence/sdk'

import { effectsFor } from '../effects/index.ts'
import { Ask } from './ask.ts'
import { Attention } from './attention.ts'
import { CallRoom } from './call.ts'
import { DeviceRoom } from './devices.ts'
import { Install } from './install.ts'
import { History } from './history.ts'
import { Invites } from './invites.ts'
import { LinkWatch } from './link.ts'
import { Login } from './login.ts'
import { Notices } from './notices.ts'
import { PasswordChange } from './password-change.ts'
import { People } from './people.ts'
import { type Api, type Calls, type DeviceList, type Link, type Page } from './ports.ts'
import { Preferences } from './preferences.ts'
import { problem } from './problem.ts'
import { Router } from './router.ts'
import { type Connection, Session } from './session.ts'
import { Settings } from './settings.ts'
import { noSurroundings, type Surroundings } from './surroundings.ts'
import { Toasts } from './toasts.ts'
import { Update } from './update.ts'
import { Welcome } from './welcome.ts'

/** Client is the SDK's, as far as it is used here. */
export interface Client extends Connection, DeviceList {
  readonly api: Api
  readonly signal: Link
  readonly calls: Calls
}

/** App is every view model, wired. Components read it and call it, and keep nothing themselves. */
export type App = ReturnType<typeof createApp>

/** createApp wires the view models; start() asks who is here. */
export function createApp(client: Client, page: Page, around: Surroundings = noSurroundings) {
  const { api } = client
  const preferences = new Preferences(page.memory)
  const router = new Router(page.place)
  const toasts = new Toasts()
  const session = new Session(api, client)
  const people = new People(api, toasts)
  const notices = new Notices(api, toasts)
  const invites = new Invites(api, toasts, page)
  const login = new Login(api, session)
  const welcome = new Welcome(api, session)
  const ask = new Ask(api, people)
  const settings = new Settings(api, session, toasts, page, client.calls)
  const passwordChange = new PasswordChange(api, session, toasts)
  const devices = new DeviceRoom(client, client.calls, preferences, effectsFor, page.chime)
  const call = new CallRoom(client.calls, people, { machine: client, preferences, cannot: () => toasts.problem(problem('no_calls')) })
  const history = new History(page.memory, toasts, page.now)
  history.watch(call)
  notices.list.subscribe((list) => history.heard(list ?? []))
  const link = new LinkWatch(client.signal, page, () => session.lost())
  const attention = new Attention({ call, people, notices, preferences, session, open: (account) => router.go(`/people/${account}`) }, around)
  const update = new Update(call, page, client.signal, around)
  const install = new Install(around.installs, page, call, attention, preferences)

  const columns = signal(page.columns())
  page.onColumns(() => (columns.value = page.columns()))

  const topics: Readonly<Record<Topic, () => Promise<void>>> = {
    friends: () => people.refresh(),
    notices: () => notices.refresh(),
    invites: () => invites.refresh(),
  }
  const refreshLists = (): void => {
    for (const list of [people, notices, invites]) void list.refresh()
  }

  client.signal.on('fresh', () => {
    people.forgetPresence()
    refreshLists()
    void session.refresh()
  })
  client.signal.on('frame', (frame) => {
    if (frame.kind === 'presence') people.presence(frame.body.account, frame.body.online)
    if (frame.kind === 'changed') void topics[frame.body.topic]()
  })
  page.onOnline(() => {
    if (page.online() && session.standing.value === 'unreachable') void session.start()
  })

  // The lists come over HTTP, so they come where the link can't be opened, too.
  // What one account saw must not be there for the next one.
  session.standing.subscribe((standing) => {
    if (standing === 'in') history.enter(session.me.value?.id ?? '')
    if (standing === 'out') {
      history.leave()
      call.leave()
      toasts.clear()
    }
    if (standing === 'in') refreshLists()
    else for (const part of [people, notices, invites, ask, settings, passwordChange]) part.clear()
  })

  return {
    page, preferences, router, toasts, session, people, notices, invites, login, welcome, ask, settings, passwordChange, devices, call, history, link, attention, update, install,
    /** The screen to draw, and whether it is the sign-in form in place of another. */
    screen: computed(() => (router.open.value || session.standing.value !== 'out' ? router.route.value : 'login')),
    now: page.now,
    columns,
    start: () => session.start(),
    /** Signs out, and goes to where one can sign in again. */
    signOut: async (): Promise<boolean> => {
      const gone = await settings.signOut()
      if (gone) router.go('/login')
      return gone
    },
    signIn: async (): Promise<void> => {
      const here = await login.submit()
      if (here && router.route.value === 'login') router.replace('/')
    },
  }
}
