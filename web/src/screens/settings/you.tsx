import { Copy } from 'lucide-preact'
import { useEffect } from 'preact/hooks'

import { sentenceBeside, sentenceFor, t } from '../../text/index.ts'
import { Button } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Face } from '../../ui/face.tsx'
import { Field, PasswordField, ProblemText } from '../../ui/field.tsx'
import { Handle } from '../../ui/handle.tsx'
import { Meter } from '../../ui/meter.tsx'
import { Section } from '../../ui/page.tsx'

function Name() {
  const { settings, session } = useApp()
  const me = session.me.value
  const problem = settings.saving.problem.value
  if (me === undefined) return null
  return (
    <Section title={t.settings.you} id="settings-you">
      <div class="settings-me">
        <Face account={me.id} size="large" />
        <div>
          <p class="quiet small">{t.settings.handle}</p>
          <p class="handle">
            <Handle of={me.handle} />
          </p>
          <p class="quiet small">{t.settings.handleWhy}</p>
        </div>
        <Button icon={Copy} onClick={() => void settings.copyHandle()}>
          {t.settings.copyHandle}
        </Button>
      </div>
      <form
        class="form"
        noValidate
        onSubmit={(e) => {
          e.preventDefault()
          void settings.saveName()
        }}
      >
        <Field
          label={t.settings.name}
          name="nickname"
          autocomplete="nickname"
          maxLength={160}
          value={settings.displayName.value}
          onType={(v) => settings.typeName(v)}
          problem={sentenceFor(t, problem, 'display_name')}
        />
        <ProblemText>{sentenceBeside(t, problem, ['display_name'])}</ProblemText>
        <Button kind="primary" type="submit" busy={settings.saving.pending.value} disabled={!settings.changed.value}>
          {settings.saving.pending.value ? t.settings.saving : t.settings.save}
        </Button>
      </form>
    </Section>
  )
}

function Password() {
  const { passwordChange: change, session } = useApp()
  const problem = change.attempt.problem.value
  const pending = change.attempt.pending.value
  useEffect(() => () => change.clear(), [])
  return (
    <Section title={t.settings.password} id="settings-password">
      <p class="quiet small">{t.settings.passwordWhy}</p>
      <form
        class="form"
        noValidate
        onSubmit={(e) => {
          e.preventDefault()
          void change.save()
        }}
      >
        <input class="unseen" type="text" name="username" autocomplete="username" value={session.me.value?.handle} readOnly tabIndex={-1} aria-hidden="true" />
        <PasswordField
          label={t.settings.currentPassword}
          name="current-password"
          autocomplete="current-password"
          value={change.current.value}
          onType={(v) => change.typeCurrent(v)}
          problem={sentenceFor(t, problem, 'current')}
        />
        <PasswordField
          label={t.settings.newPassword}
          name="new-password"
          autocomplete="new-password"
          maxLength={128}
          value={change.next.value.value}
          onType={(v) => change.typeNext(v)}
          problem={sentenceFor(t, problem, 'password')}
        >
          <Meter password={change.next} told={sentenceFor(t, problem, 'password') !== undefined} />
        </PasswordField>
        <ProblemText>{sentenceBeside(t, problem, ['current', 'password'])}</ProblemText>
        <Button kind="primary" type="submit" busy={pending} disabled={!change.begun.value}>
          {pending ? t.settings.saving : t.settings.savePassword}
        </Button>
      </form>
    </Section>
  )
}

/** YouSection is what of oneself others see, and what lets one in. */
export function YouSection() {
  return (
    <>
      <Name />
      <Password />
    </>
  )
}
