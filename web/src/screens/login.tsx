import { useEffect } from 'preact/hooks'

import { sentenceBeside, sentenceFor, t } from '../text/index.ts'
import { Button } from '../ui/button.tsx'
import { useApp } from '../ui/context.ts'
import { Field, PasswordField, ProblemText } from '../ui/field.tsx'
import { Wordmark } from '../ui/mark.tsx'
import { Entry, Heading } from '../ui/page.tsx'

/** LoginForm asks for handle and password. */
export function LoginForm() {
  const { login, signIn } = useApp()
  const problem = login.attempt.problem.value
  return (
    <form
      class="form"
      noValidate
      onSubmit={(e) => {
        e.preventDefault()
        void signIn()
      }}
    >
      <Field
        label={t.login.handle}
        help={t.login.handleHelp}
        name="username"
        autocomplete="username"
        plain
        value={login.handle.value}
        onType={(v) => (login.handle.value = v)}
        problem={sentenceFor(t, problem, 'handle')}
      />
      <PasswordField
        label={t.login.password}
        name="password"
        autocomplete="current-password"
        value={login.password.value}
        onType={(v) => (login.password.value = v)}
        problem={sentenceFor(t, problem, 'password')}
      />
      <div class="actions">
        <ProblemText>{sentenceBeside(t, problem, ['handle', 'password'])}</ProblemText>
        <Button kind="primary" type="submit" wide busy={login.attempt.pending.value}>
          {login.attempt.pending.value ? t.login.submitting : t.login.submit}
        </Button>
      </div>
    </form>
  )
}

/** Login is the screen of whoever is not signed in. */
export function Login() {
  const { session, router } = useApp()
  const here = session.standing.value === 'in'
  useEffect(() => {
    if (here && router.route.value === 'login') router.replace('/')
  }, [here])
  return (
    <Entry>
      <Wordmark />
      <Heading>{t.login.title}</Heading>
      {session.ended.value && <p role="status">{t.login.ended}</p>}
      <LoginForm />
      <div class="notes">
        <p class="quiet small">{t.login.newHere}</p>
        <p class="quiet small">{t.login.forgot}</p>
      </div>
    </Entry>
  )
}
