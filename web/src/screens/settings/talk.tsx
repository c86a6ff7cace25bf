import { t } from '../../text/index.ts'
import { useApp } from '../../ui/context.ts'
import { Switch } from '../../ui/field.tsx'
import { Section } from '../../ui/page.tsx'

/** TalkSection is how one talks in calls. */
export function TalkSection() {
  const { preferences } = useApp()
  return (
    <Section title={t.settings.calls} id="settings-calls">
      <Switch label={t.settings.talk} help={t.settings.talkWhy} on={preferences.pushToTalk.value} onTurn={(on) => (preferences.pushToTalk.value = on)} />
    </Section>
  )
}
