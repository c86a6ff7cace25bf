import { Trash2 } from 'lucide-preact'

import { t } from '../../text/index.ts'
import { Button } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Switch } from '../../ui/field.tsx'
import { Section } from '../../ui/page.tsx'

/** PrivacySection is what others learn of this device, and what is kept on it. */
export function PrivacySection() {
  const { settings, history } = useApp()
  const none = history.list.value.length === 0
  return (
    <>
      <Section title={t.settings.calls} id="settings-privacy">
        <Switch label={t.settings.relay} help={t.settings.relayWhy} on={settings.alwaysRelay.value} onTurn={(on) => settings.setAlwaysRelay(on)} />
        <Switch label={t.settings.early} help={t.settings.earlyWhy} on={settings.early.value} onTurn={(on) => settings.setEarly(on)} />
        <Switch label={t.settings.measure} help={t.settings.measureWhy} on={settings.measure.value} onTurn={(on) => settings.setMeasure(on)} />
      </Section>
      <Section title={t.settings.history} id="settings-history">
        <p class="quiet">{t.settings.historyWhy}</p>
        {none ? (
          <p class="quiet">{t.settings.historyNone}</p>
        ) : (
          <div>
            <Button icon={Trash2} onClick={() => history.clear()}>
              {t.settings.historyClear}
            </Button>
          </div>
        )}
      </Section>
    </>
  )
}
