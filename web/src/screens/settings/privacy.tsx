import { t } from '../../text/index.ts'
import { useApp } from '../../ui/context.ts'
import { Switch } from '../../ui/field.tsx'
import { Section } from '../../ui/page.tsx'

/** PrivacySection is what others learn of this device, and what is kept on it. */
export function PrivacySection() {
  const { settings } = useApp()
  return (
    <Section title={t.settings.privacy} id="settings-privacy">
      <Switch label={t.settings.relay} help={t.settings.relayWhy} on={settings.alwaysRelay.value} onTurn={(on) => settings.setAlwaysRelay(on)} />
    </Section>
  )
}
