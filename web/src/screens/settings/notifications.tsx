import { Download, Volume2 } from 'lucide-preact'

import { t } from '../../text/index.ts'
import { Button } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Switch } from '../../ui/field.tsx'
import { Section } from '../../ui/page.tsx'
import { Slider } from '../../ui/slider.tsx'

function Sounds() {
  const { preferences, attention } = useApp()
  const on = preferences.sounds.value
  const volume = preferences.volume.value
  return (
    <>
      <Switch label={t.attention.sounds} help={t.attention.soundsWhy} on={on} onTurn={(x) => (preferences.sounds.value = x)} />
      <Slider
        label={t.attention.volume}
        words={t.attention.volumeIs(volume)}
        value={volume}
        disabled={!on}
        onSlide={(x) => (preferences.volume.value = x)}
        onDone={() => attention.test()}
      />
      <div>
        <Button icon={Volume2} disabled={!on} onClick={() => attention.test()}>
          {t.attention.test}
        </Button>
      </div>
    </>
  )
}

function Notifications() {
  const { preferences, attention } = useApp()
  const permission = attention.permission.value
  const why = permission === 'denied' ? t.attention.denied : permission === 'missing' ? t.attention.missing : t.attention.notificationsWhy
  return (
    <>
      <Switch
        label={t.attention.notifications}
        help={why}
        on={attention.notifies.value}
        disabled={permission === 'denied' || permission === 'missing'}
        onTurn={(x) => void attention.setNotifications(x)}
      />
      {attention.notifies.value && (
        <Switch label={t.attention.names} help={t.attention.namesWhy} on={preferences.notifyNames.value} onTurn={(x) => (preferences.notifyNames.value = x)} />
      )}
      <p class="quiet small">{t.attention.badge}</p>
    </>
  )
}

/** NotificationsSection is how the app draws one's attention. */
export function NotificationsSection() {
  return (
    <Section title={t.settings.notifications} id="settings-notifications">
      <div class="form">
        <Sounds />
        <Notifications />
      </div>
    </Section>
  )
}

/** InstallRow puts the app among the others of this device, where the browser has a way. */
export function InstallRow() {
  const { install } = useApp()
  switch (install.way.value) {
    case undefined:
      return null
    case 'done':
      return <p class="quiet small">{t.attention.installed}</p>
    case 'hand':
      return <p class="quiet small">{t.attention.installByHand}</p>
    case 'press':
      return (
        <div>
          <Button icon={Download} onClick={() => void install.install()}>
            {t.attention.install}
          </Button>
          <p class="help">{t.attention.installWhy}</p>
        </div>
      )
  }
}
