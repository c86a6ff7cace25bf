import { useEffect, useState } from 'preact/hooks'

import { type Route } from '../state/router.ts'
import { t } from '../text/index.ts'
import { Button, Spinner } from '../ui/button.tsx'
import { useApp } from '../ui/context.ts'
import { Entry, Heading } from '../ui/page.tsx'
import { Toasts } from '../ui/toasts.tsx'
import { LinkBanner } from './banner.tsx'
import { CallOverlay } from './call/overlay.tsx'
import { Check } from './check.tsx'
import { Invite } from './invite.tsx'
import { Login } from './login.tsx'
import { NotFound } from './not-found.tsx'
import { Offers } from './offers.tsx'
import { People } from './people/people.tsx'
import { Settings } from './settings/settings.tsx'

const screens: Readonly<Record<Route, () => preact.JSX.Element | null>> = {
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

/** Parts shows every component in every state; few ever look, so it comes when it is asked for. */
function Parts() {
  const [Page, show] = useState<(() => preact.JSX.Element | null) | undefined>()
  useEffect(() => void import('./components.tsx').then((m) => show(() => m.Components)), [])
  return Page === undefined ? <Waits /> : <Page />
}

/** Waits says that something is on its way. */
function Waits() {
  return (
    <Entry>
      <h1 class="unseen">{t.app.name}</h1>
      <p class="waits" role="status">
        <Spinner />
        <span>{t.app.loading}</span>
      </p>
    </Entry>
  )
}

/** Screen draws the one that the address names, once it is known who is here. */
function Screen() {
  const { session, screen, start } = useApp()
  const standing = session.standing.value
  if (standing === 'starting') return <Waits />
  if (standing === 'unreachable') {
    return (
      <Entry>
        <Heading>{t.link.noServer}</Heading>
        <p class="quiet">{t.link.noServerWhy}</p>
        <Button kind="primary" onClick={() => void start()}>
          {t.app.tryAgain}
        </Button>
      </Entry>
    )
  }
  const Current = screens[screen.value]
  // The list stays while the pane beside it changes.
  return <Current key={Current === People ? 'people' : screen.value} />
}

/** Root is everything on the page. */
export function Root() {
  return (
    <div class="root">
      <a class="skip" href="#content" onClick={skip}>
        {t.app.skip}
      </a>
      <LinkBanner />
      <Screen />
      <Offers />
      <CallOverlay />
      <Toasts />
    </div>
  )
}

/** Goes past what every screen begins with, and leaves the address as it is: its fragment may be an invitation. */
function skip(event: MouseEvent): void {
  event.preventDefault()
  document.getElementById('content')?.focus()
}
