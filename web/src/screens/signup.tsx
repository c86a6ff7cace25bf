import { type Inviter } from '@ringfence/sdk'
import { Mic, Phone, UserPlus, Video } from 'lucide-preact'

import { friendAt } from '../state/router.ts'
import { sentenceBeside, sentenceFor, t } from '../text/index.ts'
import { Button } from '../ui/button.tsx'
import { useApp } from '../ui/context.ts'
import { Face } from '../ui/face.tsx'
import { Field, PasswordField, ProblemText } from '../ui/field.tsx'
import { Meter } from '../ui/meter.tsx'
import { Heading } from '../ui/page.tsx'

const stepsInAll = 2

/** How the handle will look; the digits are the server's. */
const preview = (name: string): string => (name === '' ? '' : `${name}.••••`)

/** NameStep asks for the name that friends use, and makes a handle of it. */
function NameStep() {
  const { welcome } = useApp()
  const problem = welcome.attempt.problem.value
  return (
    <>
      <p class="quiet small">{t.invite.step(1, stepsInAll)}</p>
      <Heading>{t.invite.nameTitle}</Heading>
      <form
        class="form"
        noValidate
        onSubmit={(e) => {
          e.preventDefault()
          welcome.toPassword()
        }}
      >
        <Field
          label={t.invite.name}
          help={t.invite.nameHelp}
          name="nickname"
          autocomplete="nickname"
          maxLength={160}
          value={welcome.displayName.value}
          onType={(v) => {
            welcome.displayName.value = v
            welcome.attempt.fail(undefined)
          }}
          problem={sentenceFor(t, problem, 'display_name')}
        />
        <Field
          label={t.invite.handle}
          help={t.invite.handleHelp(preview(welcome.name.value))}
          name="handle"
          autocomplete="off"
          plain
          maxLength={40}
          value={welcome.name.value}
          onType={(v) => {
            welcome.typedName.value = v
            welcome.attempt.fail(undefined)
          }}
          problem={sentenceFor(t, problem, 'name')}
        />
        <div class="actions">
          <ProblemText>{sentenceBeside(t, problem, ['name', 'display_name'])}</ProblemText>
          <Button kind="primary" type="submit" wide>
            {t.invite.next}
          </Button>
          <Button kind="quiet" wide onClick={() => welcome.back()}>
            {t.app.back}
          </Button>
        </div>
      </form>
    </>
  )
}

/** PasswordStep asks for a password, and says live how good it is. */
function PasswordStep() {
  const { welcome } = useApp()
  const problem = welcome.attempt.problem.value
  const pending = welcome.attempt.pending.value
  return (
    <>
      <p class="quiet small">{t.invite.step(2, stepsInAll)}</p>
      <Heading>{t.invite.passwordTitle}</Heading>
      <p class="quiet">{t.invite.passwordWhy}</p>
      <form
        class="form"
        noValidate
        onSubmit={(e) => {
          e.preventDefault()
          void welcome.create()
        }}
      >
        <input class="unseen" type="text" name="username" autocomplete="username" value={welcome.name.value} readOnly tabIndex={-1} aria-hidden="true" />
        <PasswordField
          label={t.password.label}
          name="new-password"
          autocomplete="new-password"
          maxLength={128}
          value={welcome.password.value.value}
          onType={(v) => {
            welcome.password.value.value = v
            welcome.attempt.fail(undefined)
          }}
          problem={sentenceFor(t, problem, 'password')}
        >
          <Meter password={welcome.password} told={sentenceFor(t, problem, 'password') !== undefined} />
        </PasswordField>
        <div class="actions">
          <ProblemText>{sentenceBeside(t, problem, ['password'])}</ProblemText>
          <Button kind="primary" type="submit" wide busy={pending}>
            {pending ? t.invite.creating : t.invite.create}
          </Button>
          <Button kind="quiet" wide onClick={() => welcome.back()} disabled={pending}>
            {t.app.back}
          </Button>
        </div>
      </form>
    </>
  )
}

/** Done shows the first friend to call, or the owner the first step, and the handle. */
function Done() {
  const { welcome, session, router, call } = useApp()
  const me = session.me.value
  const friend = welcome.friend.value
  const leave = (to: string): void => {
    router.replace(to)
    welcome.leave()
  }
  const callFriend = ({ account, displayName }: Inviter, video: boolean): void => {
    leave(friendAt(account))
    call.start(account, video, displayName)
  }
  return (
    <>
      {friend ? <Face account={friend.account} size="huge" /> : me && <Face account={me.id} size="large" />}
      <Heading>{t.invite.doneTitle(me?.displayName ?? '')}</Heading>
      <p>{friend ? t.invite.doneFriend(friend.displayName) : t.invite.ownerNext}</p>
      <div class="stack">
        {friend ? (
          <>
            <Button kind="primary" icon={Video} wide onClick={() => callFriend(friend, true)}>
              {t.people.videoCall(friend.displayName)}
            </Button>
            <Button icon={Phone} wide onClick={() => callFriend(friend, false)}>
              {t.people.call(friend.displayName)}
            </Button>
            <Button
              wide
              icon={Mic}
              onClick={() => {
                leave(friendAt(friend.account)) // going back leads to whom one was about to call
                router.go('/check')
              }}
            >
              {t.invite.doneCheck}
            </Button>
          </>
        ) : (
          <Button kind="primary" icon={UserPlus} wide onClick={() => leave('/add')}>
            {t.invite.ownerInvite}
          </Button>
        )}
        <Button kind="quiet" wide onClick={() => leave('/')}>
          {t.invite.doneHome}
        </Button>
      </div>
      <div>
        <p class="quiet small">{t.invite.doneHandle}</p>
        <p class="handle" translate={false} dir="ltr">
          {me?.handle}
        </p>
      </div>
    </>
  )
}

/** SignUp is the step at which one is. */
export function SignUp() {
  const { welcome } = useApp()
  switch (welcome.step.value) {
    case 'name':
      return <NameStep />
    case 'password':
      return <PasswordStep />
    default:
      return <Done />
  }
}
