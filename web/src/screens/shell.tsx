import { Phone, Settings as Gear, Users } from 'lucide-preact'
import { type ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

import { type Route } from '../state/router.ts'
import { t } from '../text/index.ts'
import { useApp } from '../ui/context.ts'
import { Link } from '../ui/link.tsx'
import { Mark } from '../ui/mark.tsx'
import { Count } from '../ui/states.tsx'

const ofPeople: ReadonlySet<Route> = new Set<Route>(['people', 'friend', 'add'])

/** Rail leads to the places that there are: at the side, and on a phone at the bottom. */
function Rail() {
  const { router, notices } = useApp()
  return (
    <nav class="rail" aria-label={t.app.places}>
      <Places route={router.route.value} missed={notices.list.value?.length ?? 0} />
    </nav>
  )
}

/** Places are what the rail leads to, and how many calls were missed. */
export function Places({ route, missed }: { route: Route; missed: number }) {
  return (
    <>
      <span class="rail-mark">
        <Mark />
      </span>
      <Link to="/" class="rail-place" icon={Users} current={ofPeople.has(route)}>
        <span>{t.app.people}</span>
      </Link>
      <Link to="/calls" class="rail-place" icon={Phone} current={route === 'calls'}>
        <span>{t.app.calls}</span>
        <Count n={missed} words={t.app.number(missed)} label={t.history.missedCount(missed)} />
      </Link>
      <Link to="/settings" class="rail-place" icon={Gear} current={route === 'settings'}>
        <span>{t.app.settings}</span>
      </Link>
    </>
  )
}

interface FrameProps {
  children: ComponentChildren
  /** The list that stays while the pane beside it changes. */
  side?: ComponentChildren
  /** More about what the pane shows, where there is room. */
  about?: ComponentChildren
  kind?: string
}

/** Frame is around every screen of somebody who is signed in: the rail, a list, a pane, and what there is to know. */
export function Frame({ children, side, about, kind = '' }: FrameProps) {
  const { router } = useApp()
  const main = useRef<HTMLElement>(null)
  const path = router.path.value
  const before = useRef(path)
  useLayoutEffect(() => {
    if (before.current !== path) main.current?.scrollTo(0, 0)
  }, [path])
  // Whoever listens hears where they came to; whoever comes back is where they left.
  useEffect(() => {
    const from = before.current
    if (from === path) return
    before.current = path
    if (document.querySelector('dialog:modal') !== null) return
    const left = path === '/' ? document.querySelector<HTMLElement>(`.person-link[href="${CSS.escape(from)}"]`) : null
    const place = left ?? main.current?.querySelector<HTMLElement>('h1') ?? main.current
    place?.focus({ preventScroll: true })
  }, [path])
  return (
    <div class={`frame ${side === undefined ? '' : 'with-side'} ${about === undefined ? '' : 'with-about'}`}>
      <Rail />
      {side !== undefined && side}
      <main class={`pane ${kind}`} id="content" tabIndex={-1} ref={main} data-scrolls>
        {children}
      </main>
      {about !== undefined && about}
    </div>
  )
}

/** Shell is the frame of a screen that is one column of text and fields. */
export function Shell({ children }: { children: ComponentChildren }) {
  return (
    <Frame>
      <div class="shell">{children}</div>
    </Frame>
  )
}
