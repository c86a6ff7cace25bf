import { t } from '../text/index.ts'
import { Heading } from '../ui/page.tsx'
import { DevicePanel } from './devices/panel.tsx'
import { Shell } from './shell.tsx'

/** Check is where one sees and hears oneself before a call. */
export function Check() {
  return (
    <Shell>
      <div class="check">
        <div>
          <Heading>{t.app.check}</Heading>
          <p class="quiet">{t.devices.intro}</p>
        </div>
        <DevicePanel />
      </div>
    </Shell>
  )
}
