import { LogOut } from 'lucide-preact'
import { useEffect, useState } from 'preact/hooks'

import { sentence, t } from '../../text/index.ts'
import { Button } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Confirm } from '../../ui/dialog.tsx'
import { ProblemText } from '../../ui/field.tsx'
import { Section } from '../../ui/page.tsx'
import { InstallRow } from './notifications.tsx'

/** ThisDeviceSection is what concerns this browser alone: leaving, and what runs here. */
export function ThisDeviceSection() {
  const { settings, session, signOut } = useApp()
  const [asked, ask] = useState(false)
  const problem = settings.leaving.problem.value
  const version = session.server.value?.version
  useEffect(() => void session.learn(), [])
  return (
    <Section title={t.settings.device} id="settings-device">
      <p class="quiet">{t.settings.deviceWhy}</p>
      <InstallRow />
      <div>
        <Button icon={LogOut} onClick={() => ask(true)}>
          {t.settings.signOut}
        </Button>
      </div>
      <ProblemText>{problem && sentence(t, problem)}</ProblemText>
      {version !== undefined && <p class="quiet small">{t.settings.version(version)}</p>}
      <p class="small">
        <a href="/licences.txt" target="_blank" rel="noopener">
          {t.settings.licences}
        </a>
      </p>
      {asked && (
        <Confirm
          title={t.confirm.signOutTitle}
          why={t.confirm.signOutWhy}
          action={t.confirm.signOut}
          busy={settings.leaving.pending.value}
          onClose={() => ask(false)}
          onConfirm={() => void signOut().then(() => ask(false))}
        />
      )}
    </Section>
  )
}
