import { type Invite } from '@ringfence/sdk'
import { useEffect, useState } from 'preact/hooks'

import { sentence, t } from '../text/index.ts'
import { Button } from '../ui/button.tsx'
import { useApp } from '../ui/context.ts'
import { Confirm } from '../ui/dialog.tsx'
import { ProblemText } from '../ui/field.tsx'
import { Section } from '../ui/page.tsx'
import { Skeleton } from '../ui/states.tsx'

/** OpenInvites are the links that nobody has used yet. */
export function OpenInvites() {
  const { invites, now } = useApp()
  const [asked, ask] = useState<Invite | undefined>()
  useEffect(() => void invites.refresh(), [])
  const list = invites.list.value
  const problem = invites.problem.value
  return (
    <Section title={t.settings.invites} id="settings-invites">
      <ProblemText>{problem && sentence(t, problem)}</ProblemText>
      {problem && (
        <div>
          <Button onClick={() => void invites.refresh()}>{t.app.tryAgain}</Button>
        </div>
      )}
      {list === undefined && !problem && <Skeleton rows={1} label={t.app.loading} />}
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
