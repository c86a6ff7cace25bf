import { Search, UserPlus, X } from 'lucide-preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

import { friendAt } from '../../state/router.ts'
import { sentence, t } from '../../text/index.ts'
import { Button, Icon, RoundButton } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { ProblemText } from '../../ui/field.tsx'
import { Link } from '../../ui/link.tsx'
import { Heading } from '../../ui/page.tsx'
import { EmptyState, Skeleton } from '../../ui/states.tsx'
import { VirtualList } from '../../ui/virtual-list.tsx'
import { Missed } from './missed.tsx'
import { Blocked, Incoming, Outgoing } from './requests.tsx'
import { PersonRow } from './row.tsx'

/** SearchField looks for somebody as one types; Enter goes to the first, Esc is done with it. */
function SearchField() {
  const { people, router } = useApp()
  const ref = useRef<HTMLInputElement>(null)
  const words = people.search.value
  const clear = (): void => {
    people.search.value = ''
    ref.current?.focus()
  }
  return (
    <div class="search" role="search">
      <Icon of={Search} size={18} />
      <input
        ref={ref}
        class="search-words"
        type="text"
        inputMode="search"
        enterKeyHint="search"
        autocomplete="off"
        spellcheck={false}
        aria-label={t.people.search}
        placeholder={t.people.search}
        value={words}
        onInput={(e) => (people.search.value = e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === 'Escape' && words !== '') {
            e.preventDefault()
            clear()
          }
          const first = people.found.value[0]
          if (e.key === 'Enter' && !e.isComposing && words.trim() !== '' && first) router.go(friendAt(first.account))
          if (e.key !== 'ArrowDown') return
          e.preventDefault()
          document.querySelector<HTMLElement>('.person-link[tabindex="0"]')?.focus()
        }}
      />
      {words !== '' && <RoundButton label={t.people.searchClear} icon={X} onClick={clear} />}
    </div>
  )
}

/** NobodyYet is the place before the first friend: what will be here, and the first step. */
export function NobodyYet() {
  return (
    <EmptyState title={t.people.emptyTitle} why={t.people.emptyWhy} icon={UserPlus}>
      <Link to="/add" class="button primary" icon={UserPlus}>
        <span>{t.people.add}</span>
      </Link>
    </EmptyState>
  )
}

function Friends() {
  const { people, router } = useApp()
  const words = people.search.value.trim()
  const list = people.found.value
  const current = router.params.value['account']
  if (people.friends.value.length === 0) return null
  return (
    <>
      <p class="unseen" role="status">
        {words !== '' && t.people.found(list.length)}
      </p>
      {list.length === 0 ? (
        <EmptyState title={t.people.notFoundTitle(words)} why={t.people.notFoundWhy}>
          <Button onClick={() => (people.search.value = '')}>{t.people.searchClear}</Button>
        </EmptyState>
      ) : (
        <VirtualList
          items={list}
          idOf={(x) => x.account}
          label={t.people.friends}
          current={current}
          draw={(x, reached) => <PersonRow friend={x} current={x.account === current} reached={reached} />}
        />
      )}
    </>
  )
}

/** Typing in the list is looking for somebody. */
function typeAhead(event: KeyboardEvent): void {
  if (event.key.length !== 1 || event.key === ' ' || event.altKey || event.ctrlKey || event.metaKey) return
  if (event.target instanceof HTMLInputElement) return
  document.querySelector<HTMLInputElement>('.search-words')?.focus()
}

/** PeopleList is everybody one knows here, and whoever would like to be known. */
export function PeopleList({ heading }: { heading: boolean }) {
  const { people, columns, router } = useApp()
  const ref = useRef<HTMLDivElement>(null)
  const known = people.lists.value !== undefined
  const problem = people.problem.value
  // Where there is a pane with nobody in it, the first step is there.
  const empty = people.empty.value && (columns.value === 1 || router.route.value !== 'people')
  const looking = people.search.value.trim() !== ''
  useLayoutEffect(() => {
    const scroller = ref.current?.closest('[data-scrolls]')
    if (!scroller) return undefined
    scroller.scrollTop = people.scrolled
    const keep = (): void => void (people.scrolled = scroller.scrollTop)
    scroller.addEventListener('scroll', keep, { passive: true })
    return () => scroller.removeEventListener('scroll', keep)
  }, [])
  return (
    <div class="people" ref={ref} onKeyDown={typeAhead}>
      <div class="people-head">
        {heading ? <Heading>{t.people.title}</Heading> : <p class="people-title">{t.people.title}</p>}
        {!empty && <Link to="/add" class="round" icon={UserPlus} label={t.people.add} />}
        {people.friends.value.length > 0 && <SearchField />}
      </div>
      {problem && (
        <div class="people-part">
          <ProblemText>{sentence(t, problem)}</ProblemText>
          <Button onClick={() => void people.refresh()}>{t.app.tryAgain}</Button>
        </div>
      )}
      {!known && !problem && <Skeleton rows={6} face label={t.app.loading} />}
      {!looking && (
        <>
          <Missed />
          <Incoming />
        </>
      )}
      {empty && <NobodyYet />}
      <Friends />
      {!looking && (
        <>
          <Outgoing />
          <Blocked />
        </>
      )}
    </div>
  )
}
