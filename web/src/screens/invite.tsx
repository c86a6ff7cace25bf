import { useEffect } from 'preact/hooks'

import { sentence, t } from '../text/index.ts'
import { Button } from '../ui/button.tsx'
import { useApp } from '../ui/context.ts'
import { Face } from '../ui/face.tsx'
import { ProblemText } from '../ui/field.tsx'
import { later } from '../ui/later.tsx'
import { Link } from '../ui/link.tsx'
import { Wordmark } from '../ui/mark.tsx'
import { Entry, Heading } from '../ui/page.tsx'
import { LoginForm } from './login.tsx'
import { Awaited, Unreached } from './waits.tsx'

/** SignUp is the steps after the greeting: their file comes while one reads that. */
export const SignUp = later(
  async () => (await import('./signup.tsx')).SignUp,
  ({ again }) => (again ? <Unreached again={again} /> : <Awaited>{t.app.loading}</Awaited>),
)

/** Dead says that an invitation leads nowhere, and what to do. */
function Dead({ title, why }: { title: string; why: string }) {
  const { session } = useApp()
  const here = session.standing.value === 'in'
  return (
    <>
      <Heading>{title}</Heading>
      <p class="quiet">{why}</p>
      <Link to={here ? '/' : '/login'} class="button plain">
        {here ? t.notFound.home : t.invite.haveAccount}
      </Link>
    </>
  )
}

/** Hello says who invites, and to what. */
function Hello() {
  const { welcome, now } = useApp()
  const info = welcome.info.value
  const inviter = info?.inviter
  useEffect(() => void SignUp.load(), [])
  return (
    <>
      {inviter && <Face account={inviter.account} size="large" />}
      <Heading>{inviter ? t.invite.from(inviter.displayName) : t.invite.fromServer}</Heading>
      <p>{t.invite.what}</p>
      {info?.kind === 'operator' && <p>{t.invite.ownerWhat}</p>}
      <div class="stack">
        <Button kind="primary" wide onClick={() => welcome.begin()}>
          {t.invite.begin}
        </Button>
        <Button kind="quiet" wide onClick={() => (welcome.step.value = 'login')}>
          {t.invite.haveAccount}
        </Button>
      </div>
      {info && <p class="quiet small">{t.invite.expires(info.expiresAt, now())}</p>}
    </>
  )
}

/** Accept is for somebody who is signed in already. */
function Accept() {
  const { welcome, router, toasts, people } = useApp()
  const inviter = welcome.info.value?.inviter
  const leave = (): void => {
    router.go('/')
    welcome.leave()
  }
  if (inviter === undefined) return <Dead title={t.invite.fromServer} why={t.invite.ownServer} />
  const problem = welcome.attempt.problem.value
  return (
    <>
      <Face account={inviter.account} size="large" />
      <Heading>{t.invite.acceptTitle(inviter.displayName)}</Heading>
      <p class="quiet">{t.invite.acceptWhy}</p>
      <ProblemText>{problem && sentence(t, problem)}</ProblemText>
      <div class="stack">
        <Button
          kind="primary"
          wide
          busy={welcome.attempt.pending.value}
          onClick={() => {
            void welcome.redeem().then((done) => {
              if (!done) return
              toasts.done('accepted', inviter.displayName)
              void people.refresh()
              leave()
            })
          }}
        >
          {t.invite.accept}
        </Button>
        <Button kind="quiet" wide onClick={leave}>
          {t.invite.notNow}
        </Button>
      </div>
    </>
  )
}

function Good() {
  const { welcome, session } = useApp()
  const step = welcome.step.value
  if (step === 'done') return <SignUp />
  if (session.standing.value === 'in') return <Accept />
  switch (step) {
    case 'hello':
      return <Hello />
    case 'login':
      return (
        <>
          <Heading>{t.login.title}</Heading>
          <LoginForm />
          <Button kind="quiet" onClick={() => welcome.back()}>
            {t.app.back}
          </Button>
        </>
      )
    case 'name':
    case 'password':
      return <SignUp />
  }
}

function Content() {
  const { welcome, router } = useApp()
  const problem = welcome.problem.value
  switch (welcome.found.value) {
    case 'checking':
      return <Awaited>{t.invite.checking}</Awaited>
    case 'none':
      return <Dead title={t.invite.noneTitle} why={t.invite.noneWhy} />
    case 'bad':
      return <Dead title={t.invite.badTitle} why={t.invite.badWhy} />
    case 'unknown':
      return (
        <>
          <Heading>{t.invite.title}</Heading>
          <ProblemText>{problem && sentence(t, problem)}</ProblemText>
          <Button kind="primary" onClick={() => void welcome.open(router.hash.value)}>
            {t.app.tryAgain}
          </Button>
        </>
      )
    case 'good':
      return <Good />
  }
}

/** Invite is where a link leads. */
export function Invite() {
  const { welcome, router } = useApp()
  const hash = router.hash.value
  useEffect(() => void welcome.open(hash), [hash])
  return (
    <Entry>
      <Wordmark />
      <Content />
    </Entry>
  )
}
