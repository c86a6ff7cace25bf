import { Settings as Gear, Users } from 'lucide-preact'
import { type ComponentChildren } from 'preact'

import { t } from '../text/index.ts'
import { useApp } from '../ui/context.ts'
import { Link } from '../ui/link.tsx'
import { Mark } from '../ui/mark.tsx'
import { Icon } from '../ui/button.tsx'

/** Shell is around every screen of somebody who is signed in. */
export function Shell({ children }: { children: ComponentChildren }) {
  const { router } = useApp()
  const route = router.route.value
  return (
    <div class="shell">
      <header class="top">
        <Link to="/" class="home">
          <Mark />
          <span translate={false}>{t.app.name}</span>
        </Link>
        <nav>
          {route === 'people' ? (
            <Link to="/settings" class="round" label={t.app.settings} icon={Gear} />
          ) : (
            <Link to="/" class="button quiet">
              <Icon of={Users} />
              <span>{t.app.people}</span>
            </Link>
          )}
        </nav>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  )
}
