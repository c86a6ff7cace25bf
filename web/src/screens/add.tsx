import { Copy, Share2 } from 'lucide-preact'
import { useEffect } from 'preact/hooks'

import { sentence, sentenceBeside, sentenceFor, t } from '../text/index.ts'
import { Button } from '../ui/button.tsx'
import { useApp } from '../ui/context.ts'
import { Field, ProblemText } from '../ui/field.tsx'
import { Heading } from '../ui/page.tsx'
import { Qr } from '../ui/qr.tsx'
import { OpenInvites } from './open-invites.tsx'
import { Back } from './people/conversation.tsx'

function ByLink() {
  const { invites, page, now } = useApp()
  const link = invites.link.value
  const problem = invites.making.problem.value
  const pending = invites.making.pending.value
  const make = (): void => void invites.make()
  return (
    <section class="form" aria-labelledby="add-link">
      <div>
        <h2 class="legend" id="add-link">
          {t.people.byLink}
        </h2>
        <p class="quiet small">{t.people.byLinkWhy}</p>
      </div>
      <ProblemText>{problem && sentence(t, problem)}</ProblemText>
      {link === undefined ? (
        <Button kind="primary" wide busy={pending} onClick={make}>
          {pending ? t.people.makingLink : t.people.makeLink}
        </Button>
      ) : (
        <>
          <Field label={t.people.link} readOnly plain value={link.url} onType={() => undefined} onFocus={(e) => e.currentTarget.select()} help={t.invite.expires(link.expiresAt, now())} />
          <div class="stack">
            <Button kind="primary" wide icon={Copy} onClick={() => void invites.copy()}>
              {t.people.copyLink}
            </Button>
            {page.share && (
              <Button wide icon={Share2} onClick={() => void invites.share()}>
                {t.people.share}
              </Button>
            )}
          </div>
          <div>
            <p class="quiet small centred">{t.people.scan}</p>
            <Qr text={link.url} label={t.people.qr} />
          </div>
          {link.here !== undefined && (
            <Field label={t.people.linkHere} readOnly plain value={link.here} onType={() => undefined} onFocus={(e) => e.currentTarget.select()} help={t.people.linkHereWhy} />
          )}
          <Button kind="quiet" wide busy={pending} onClick={make}>
            {t.people.anotherLink}
          </Button>
        </>
      )}
    </section>
  )
}

function ByHandle() {
  const { ask } = useApp()
  const problem = ask.attempt.problem.value
  const asked = ask.asked.value
  return (
    <form
      class="form"
      noValidate
      aria-labelledby="add-handle"
      onSubmit={(e) => {
        e.preventDefault()
        void ask.submit()
      }}
    >
      <div>
        <h2 class="legend" id="add-handle">
          {t.people.byHandle}
        </h2>
        <p class="quiet small">{t.people.byHandleWhy}</p>
      </div>
      <Field
        label={t.people.handle}
        placeholder={t.people.handleExample}
        autocomplete="off"
        plain
        value={ask.handle.value}
        onType={(v) => (ask.handle.value = v)}
        problem={sentenceFor(t, problem, 'handle')}
      />
      <ProblemText>{sentenceBeside(t, problem, ['handle'])}</ProblemText>
      <p role="status" hidden={asked === undefined}>
        {asked !== undefined && t.people.asked(asked)}
      </p>
      <Button type="submit" wide busy={ask.attempt.pending.value}>
        {t.people.ask}
      </Button>
    </form>
  )
}

/** AddScreen is both ways to a new friend, a link to send and a handle to ask, and the links that wait. */
export function AddScreen() {
  const { ask } = useApp()
  useEffect(() => () => ask.clear(), [])
  return (
    <div class="shell add">
      <div class="pane-title">
        <Back />
        <Heading>{t.people.addTitle}</Heading>
      </div>
      <ByLink />
      <ByHandle />
      <OpenInvites />
    </div>
  )
}
