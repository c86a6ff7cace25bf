import { Users } from 'lucide-preact'

import { t } from '../../text/index.ts'
import { useApp } from '../../ui/context.ts'
import { Heading } from '../../ui/page.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { AddScreen } from '../add.tsx'
import { CallsScreen } from '../calls.tsx'
import { Frame } from '../shell.tsx'
import { About } from './about.tsx'
import { Conversation } from './conversation.tsx'
import { NobodyYet, PeopleList } from './list.tsx'

/** Nobody is chosen, and there is room to say so; before the first friend there is room for the first step. */
function Nobody() {
  const { people } = useApp()
  return (
    <>
      <div class="unseen">
        <Heading>{t.people.title}</Heading>
      </div>
      {people.lists.value !== undefined && people.friends.value.length === 0 && <NobodyYet />}
      {people.friends.value.length > 0 && <EmptyState title={t.people.chooseTitle} why={t.people.chooseWhy} icon={Users} />}
    </>
  )
}

/** People is home: the list, and beside it or in its stead what one chose. */
export function People() {
  const { router, columns, people } = useApp()
  const route = router.route.value
  const account = router.params.value['account']
  const friend = account === undefined ? undefined : people.friend(account)
  if (columns.value === 1 && route === 'people') {
    return (
      <Frame kind="is-list">
        <PeopleList heading />
      </Frame>
    )
  }
  const side = columns.value > 1 && (
    <aside class="side" aria-label={t.people.title} data-scrolls>
      <PeopleList heading={false} />
    </aside>
  )
  const about = friend !== undefined && columns.value === 3 && (
    <aside class="about" aria-label={t.people.about(friend.displayName)}>
      <About key={friend.account} friend={friend} />
    </aside>
  )
  return (
    <Frame {...(side ? { side } : {})} {...(about ? { about } : {})} kind={`is-${route}`}>
      {route === 'friend' && account !== undefined && <Conversation account={account} />}
      {route === 'people' && <Nobody />}
      {route === 'calls' && <CallsScreen />}
      {route === 'add' && <AddScreen />}
    </Frame>
  )
}
