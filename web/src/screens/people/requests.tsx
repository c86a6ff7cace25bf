import { Clock, ChevronDown } from 'lucide-preact'

import { nameOf } from '../../state/people.ts'
import { t } from '../../text/index.ts'
import { Button, Icon } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Face } from '../../ui/face.tsx'
import { Handle } from '../../ui/handle.tsx'
import { Section } from '../../ui/page.tsx'

/** Incoming shows who would like to be a friend. */
export function Incoming() {
  const { people, now } = useApp()
  const list = people.lists.value?.incoming ?? []
  if (list.length === 0) return null
  return (
    <Section title={t.people.incoming} id="people-incoming">
      <ul class="list">
        {list.map((x) => {
          const busy = people.busy.value.has(x.account)
          return (
            <li class="row wraps" key={x.account}>
              <Face account={x.account} />
              <div class="grow">
                <p class="name">
                  <bdi translate={false}>{x.displayName}</bdi>
                </p>
                <p class="quiet small">{t.people.incomingFrom(x.handle, x.askedAt, now())}</p>
              </div>
              <div class="tools">
                <Button kind="quiet" disabled={busy} aria-label={t.people.declineFrom(x.displayName)} onClick={() => void people.decline(x)}>
                  {t.people.decline}
                </Button>
                <Button kind="primary" disabled={busy} aria-label={t.people.acceptFrom(x.displayName)} onClick={() => void people.accept(x)}>
                  {t.people.accept}
                </Button>
              </div>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

/** Outgoing shows whom one asked; whether they exist is not told. */
export function Outgoing() {
  const { people, now } = useApp()
  const list = people.lists.value?.outgoing ?? []
  if (list.length === 0) return null
  return (
    <Section title={t.people.outgoing} id="people-outgoing">
      <ul class="list">
        {list.map((x) => (
          <li class="row wraps" key={x.account}>
            <span class="sign">
              <Icon of={Clock} />
            </span>
            <div class="grow">
              <p class="name">
                <Handle of={x.handle} />
              </p>
              <p class="quiet small">{t.people.waiting(x.askedAt, now())}</p>
            </div>
            <Button kind="quiet" disabled={people.busy.value.has(x.account)} aria-label={t.people.withdrawFrom(x.handle)} onClick={() => void people.withdraw(x)}>
              {t.people.withdraw}
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** Blocked is folded away: it is there for changing one's mind. */
export function Blocked() {
  const { people } = useApp()
  const list = people.lists.value?.blocked ?? []
  if (list.length === 0) return null
  return (
    <details class="part">
      <summary>
        <h2>{t.people.blocked}</h2>
        <span class="quiet small">{t.people.blockedCount(list.length)}</span>
        <Icon of={ChevronDown} />
      </summary>
      <ul class="list">
        {list.map((x) => {
          const name = nameOf(x) || t.people.unknown
          return (
            <li class="row" key={x.account}>
              <Face account={x.account} />
              <div class="grow">
                <p class="name">
                  <bdi translate={false}>{name}</bdi>
                </p>
                <p class="quiet small">
                  <Handle of={x.handle} />
                </p>
              </div>
              <Button disabled={people.busy.value.has(x.account)} aria-label={t.people.unblockWho(name)} onClick={() => void people.unblock(x)}>
                {t.people.unblock}
              </Button>
            </li>
          )
        })}
      </ul>
    </details>
  )
}
