import { Copy, LogOut } from 'lucide-preact'
import { type Invite } from '@ringfence/sdk'
import { useEffect, useState } from 'preact/hooks'

import { sentence, sentenceBeside, sentenceFor, t } from '../../text/index.ts'
import { Button } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Confirm } from '../../ui/dialog.tsx'
import { Face } from '../../ui/face.tsx'
import { Field, PasswordField, ProblemText, Switch } from '../../ui/field.tsx'
import { Meter } from '../../ui/meter.tsx'
import { Heading, Section } from '../../ui/page.tsx'
import { Shell } from '../shell.tsx'

function You() {
  const { settings, session } = useApp()
  const me = session.me.value
  const problem = settings.saving.problem.value
  if (me === undefined) return null
  return (
    <Section title={t.settings.you} id="settings-you">
      <div class="row">
        <Face account={me.id} size="large" />
        <div class="grow">
          <p class="quiet small">{t.settings.handle}</p>
          <p class="handle" translate={false} dir="ltr">
            {me.handle}
          </p>
        </div>
      </div>
      <div class="row wraps">
        <p class="quiet small grow">{t.settings.handleWhy}</p>
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
          <Meter password={change.next} />
        </PasswordField>
        <ProblemText>{sentenceBeside(t, problem, ['current', 'password'])}</ProblemText>
        <Button kind="primary" type="submit" busy={pending} disabled={!change.begun.value}>
          {pending ? t.settings.saving : t.settings.savePassword}
        </Button>
      </form>
    </Section>
  )
}

function OpenInvites() {
  const { invites, now } = useApp()
  const [asked, ask] = useState<Invite | undefined>()
  const list = invites.list.value
  const problem = invites.problem.value
  return (
    <Section title={t.settings.invites} id="settings-invites">
      <ProblemText>{problem && sentence(t, problem)}</ProblemText>
      {list?.length === 0 && <p class="quiet">{t.settings.invitesNone}</p>}
      <ul class="list">
        {list?.map((x) => (
          <li class="row" key={x.id}>
            <div class="grow">
              <p>{t.settings.invite(x.createdAt, now())}</p>
              <p class="quiet small">{t.settings.inviteEnds(x.expiresAt, now())}</p>
            </div>
            <Button aria-label={t.settings.revokeWhich(x.createdAt, now())} onClick={() => ask(x)}>
              {t.settings.revoke}
            </Button>
          </li>
        ))}
      </ul>
      {asked && (
        <Confirm
          title={t.confirm.revokeTitle}
          why={t.confirm.revokeWhy}
          action={t.confirm.revoke}
          onClose={() => ask(undefined)}
          onConfirm={() => {
            ask(undefined)
            void invites.revoke(asked)
          }}
        />
      )}
    </Section>
  )
}

function SignOut() {
  const { settings, session, signOut } = useApp()
  const [asked, ask] = useState(false)
  const problem = settings.leaving.problem.value
  const version = session.server.value?.version
  return (
    <Section title={t.settings.device} id="settings-device">
      <div>
        <Button icon={LogOut} onClick={() => ask(true)}>
          {t.settings.signOut}
        </Button>
      </div>
      <ProblemText>{problem && sentence(t, problem)}</ProblemText>
      {version !== undefined && <p class="quiet small">{t.settings.version(version)}</p>}
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

/** Settings is the screen of what is one's own. */
export function Settings() {
  const { settings, session, invites } = useApp()
  useEffect(() => {
    void session.learn()
    void invites.refresh()
  }, [])
  return (
    <Shell>
      <Heading>{t.settings.title}</Heading>
      <You />
      <Password />
      <Section title={t.settings.calls} id="settings-calls">
        <Switch label={t.settings.relay} help={t.settings.relayWhy} on={settings.alwaysRelay.value} onTurn={(on) => settings.setAlwaysRelay(on)} />
      </Section>
      <OpenInvites />
      <SignOut />
    </Shell>
  )
}
