import { ChevronLeft, Phone, Video } from 'lucide-preact'

import { find } from '../state/router.ts'
import { t } from '../text/index.ts'
import { Button } from '../ui/button.tsx'
import { useApp } from '../ui/context.ts'
import { Link } from '../ui/link.tsx'
import { Heading } from '../ui/page.tsx'
import { DevicePanel } from './devices/panel.tsx'
import { Shell } from './shell.tsx'

/** Check is where one sees and hears oneself before a call; whoever was about to call somebody does it from here. */
export function Check() {
  const { router, people, call } = useApp()
  const account = find(router.from.value).params['account']
  const friend = account === undefined ? undefined : people.friend(account)
  return (
    <Shell>
      <div class="check">
        <div>
          <Link to={router.from.value} class="button quiet turns check-back" icon={ChevronLeft}>
            <span>{t.app.back}</span>
          </Link>
          <Heading>{t.app.check}</Heading>
          <p class="quiet">{t.devices.intro}</p>
        </div>
        <DevicePanel calls={friend !== undefined} />
        {friend && (
          <div class="check-next">
            <Button kind="primary" icon={Video} onClick={() => call.start(friend.account, true)}>
              {t.people.videoCall(friend.displayName)}
            </Button>
            <Button icon={Phone} onClick={() => call.start(friend.account, false)}>
              {t.people.call(friend.displayName)}
            </Button>
          </div>
        )}
      </div>
    </Shell>
  )
}
