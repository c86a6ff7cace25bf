import { type FunctionComponent } from 'preact'
import { useEffect } from 'preact/hooks'

import { type Route } from '../state/router.ts'
import { t } from '../text/index.ts'
import { useApp } from '../ui/context.ts'
import { later } from '../ui/later.tsx'
import { Wordmark } from '../ui/mark.tsx'
import { Entry } from '../ui/page.tsx'
import { Tip } from '../ui/tip.tsx'
import { Toasts } from '../ui/toasts.tsx'
import { LinkBanner } from './banner.tsx'
import { Invite } from './invite.tsx'
import { Login } from './login.tsx'
import { Offers } from './offers.tsx'
import { Awaited, Unreached } from './waits.tsx'

/** Waits says that something is on its way, or that it did not come. */
function Waits({ again }: { again?: (() => void) | undefined }) {
  if (again) return <NoServer again={again} />
  return (
    <Entry>
      <h1 class="unseen">{t.app.name}</h1>
      <Awaited>{t.app.loading}</Awaited>
    </Entry>
  )
}

function NoServer({ again }: { again: () => void }) {
  return (
    <Entry>
      <Wordmark />
      <Unreached again={again} />
    </Entry>
  )
}

// What nobody sees before they are signed in. It comes as soon as they are, and
// not with the first page.
const Check = later(async () => (await import('./check.tsx')).Check, Waits)
const People = later(async () => (await import('./people/people.tsx')).People, Waits)
const Settings = later(async () => (await import('./settings/settings.tsx')).Settings, Waits)
const CallOverlay = later(async () => (await import('./call/overlay.tsx')).CallOverlay, () => null)
const NotFound = later(async () => (await import('./not-found.tsx')).NotFound, Waits)
/** Every component in every state; few ever look, so it comes when it is asked for. */
const Parts = later(async () => (await import('./components.tsx')).Components, Waits)

/** loadScreens fetches what the first page had no need of: nobody waits for it later. */
export const loadScreens = (): Promise<unknown> => Promise.all([People, CallOverlay, Settings, Check].map((x) => x.load()))

const screens: Readonly<Record<Route, FunctionComponent>> = {
  people: People,
  friend: People,
  calls: People,
  add: People,
  settings: Settings,
  check: Check,
  invite: Invite,
  login: Login,
  components: Parts,
  missing: NotFound,
}

/** Screen draws the one that the address names, once it is known who is here. */
function Screen() {
  const { session, screen, start } = useApp()
  const standing = session.standing.value
  if (standing === 'starting') return <Waits />
  if (standing === 'unreachable') return <NoServer again={() => void start()} />
  const Current = screens[screen.value]
  // The list stays while the pane beside it changes.
  return <Current key={Current === People ? 'people' : screen.value} />
}

/** The call is on the page while there is one. */
function Call() {
  return useApp().call.shown.value === undefined ? null : <CallOverlay />
}

/** Root is everything on the page. */
export function Root() {
  const { session } = useApp()
  const inside = session.standing.value === 'in'
  useEffect(() => void (inside && loadScreens()), [inside])
  return (
    <div class="root">
      <a class="skip" href="#content" onClick={skip}>
        {t.app.skip}
      </a>
      <LinkBanner />
      <Screen />
      <Offers />
      <Call />
      <Toasts />
      <Tip />
    </div>
  )
}

/** Goes past what every screen begins with, and leaves the address as it is: its fragment may be an invitation. */
function skip(event: MouseEvent): void {
  event.preventDefault()
  document.getElementById('content')?.focus()
}
