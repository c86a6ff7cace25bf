import { UserPlus } from 'lucide-preact'
import { useState } from 'preact/hooks'

import { sentence, t } from '../../text/index.ts'
import { Button, Spinner } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { ProblemText } from '../../ui/field.tsx'
import { Heading, Section } from '../../ui/page.tsx'
import { Shell } from '../shell.tsx'
import { AddFriend } from './add.tsx'
import { FriendRow } from './friend.tsx'
import { Missed } from './missed.tsx'
import { Blocked, Incoming, Outgoing } from './requests.tsx'

/** NobodyYet is the list before the first friend: what will be here, and the first step. */
function NobodyYet({ onAdd }: { onAdd: () => void }) {
  return (
    <div class="empty">
      <h2>{t.people.emptyTitle}</h2>
      <p class="quiet">{t.people.emptyWhy}</p>
      <Button kind="primary" icon={UserPlus} onClick={onAdd}>
        {t.people.add}
      </Button>
    </div>
  )
}

function Friends() {
  const { people } = useApp()
  const list = people.friends.value
  if (list.length === 0) return null
  return (
    <Section title={t.people.friends} id="people-friends">
      <ul class="list">
        {list.map((x) => (
          <FriendRow key={x.account} friend={x} />
        ))}
      </ul>
    </Section>
  )
}

/** People is home: everybody one knows here, and whoever would like to be known. */
export function People() {
  const { people } = useApp()
  const [adding, add] = useState(false)
  const known = people.lists.value !== undefined
  const problem = people.problem.value
  const empty = people.empty.value
  return (
    <Shell>
      <div class="title-row">
        <Heading>{t.people.title}</Heading>
        {known && !empty && (
          <Button kind="primary" icon={UserPlus} onClick={() => add(true)}>
            {t.people.add}
          </Button>
        )}
      </div>
      {problem && (
        <div class="row wraps">
          <ProblemText>{sentence(t, problem)}</ProblemText>
          <Button onClick={() => void people.refresh()}>{t.app.tryAgain}</Button>
        </div>
      )}
      {!known && !problem && (
        <p class="waits" role="status">
          <Spinner />
          <span>{t.app.loading}</span>
        </p>
      )}
      <Missed />
      <Incoming />
      {empty && <NobodyYet onAdd={() => add(true)} />}
      <Friends />
      <Outgoing />
      <Blocked />
      {adding && <AddFriend onClose={() => add(false)} />}
    </Shell>
  )
}
