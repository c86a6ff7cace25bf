import { Bell, ChevronRight, type LucideIcon, MonitorSmartphone, Palette, Shield, SlidersHorizontal, UserRound } from 'lucide-preact'

import { type SettingsSection, settingsSections } from '../../state/settings-sections.ts'
import { t } from '../../text/index.ts'
import { Icon } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Link } from '../../ui/link.tsx'
import { Heading } from '../../ui/page.tsx'
import { Nothing } from '../not-found.tsx'
import { Shell } from '../shell.tsx'
import { DevicesSection } from './devices.tsx'
import { LookSection } from './look.tsx'
import { NotificationsSection } from './notifications.tsx'
import { PrivacySection } from './privacy.tsx'
import { ThisDeviceSection } from './this-device.tsx'
import { YouSection } from './you.tsx'

interface Place {
  readonly icon: LucideIcon
  readonly title: () => string
  readonly holds: () => string
  readonly Body: () => preact.JSX.Element
}

const places: Readonly<Record<SettingsSection, Place>> = {
  you: { icon: UserRound, title: () => t.settings.you, holds: () => t.settings.youIs, Body: YouSection },
  look: { icon: Palette, title: () => t.settings.look, holds: () => t.settings.lookIs, Body: LookSection },
  devices: {
    icon: SlidersHorizontal,
    title: () => t.settings.devices,
    holds: () => t.settings.devicesIs,
    Body: DevicesSection,
  },
  notifications: { icon: Bell, title: () => t.settings.notifications, holds: () => t.settings.notificationsIs, Body: () => <NotificationsSection /> },
  privacy: { icon: Shield, title: () => t.settings.privacy, holds: () => t.settings.privacyIs, Body: PrivacySection },
  'this-device': { icon: MonitorSmartphone, title: () => t.settings.device, holds: () => t.settings.deviceIs, Body: ThisDeviceSection },
}

function Contents({ current, open }: { current: SettingsSection; open: boolean }) {
  return (
    <nav class="settings-list" aria-label={t.settings.title}>
      {open ? <p class="settings-title">{t.settings.title}</p> : <Heading>{t.settings.title}</Heading>}
      <ul>
        {settingsSections.map((name) => {
          const { icon, title, holds } = places[name]
          return (
            <li key={name}>
              <Link to={`/settings/${name}`} class={name === current ? 'settings-place first' : 'settings-place'} current={open && name === current}>
                <Icon of={icon} />
                <span class="grow">
                  <span class="settings-name">{title()}</span>
                  <span class="quiet small">{holds()}</span>
                </span>
                <Icon of={ChevronRight} size={18} />
              </Link>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}

/**
 * Settings is the screen of what is one's own: a list of places, and the open
 * one beside it or, where there is no room for both, in its stead.
 */
export function Settings() {
  const { router } = useApp()
  const named = router.path.value.split('/')[2]
  const section = settingsSections.find((s) => s === named)
  if (named !== undefined && section === undefined) {
    return (
      <Shell>
        <Nothing />
      </Shell>
    )
  }
  const current = section ?? 'you'
  const { title, Body } = places[current]
  return (
    <Shell>
      <div class={section === undefined ? 'settings at-list' : 'settings'}>
        <Contents current={current} open={section !== undefined} />
        <div class="settings-pane" key={current}>
          {section !== undefined && (
            <>
              <Link to="/settings" class="button quiet settings-back" icon={ChevronRight}>
                <span>{t.settings.title}</span>
              </Link>
              <Heading>{title()}</Heading>
            </>
          )}
          <Body />
        </div>
      </div>
    </Shell>
  )
}
