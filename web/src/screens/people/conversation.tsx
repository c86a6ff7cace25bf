import { type Friend } from '@ringfence/sdk'
import { ChevronLeft, Info, Phone, Video } from 'lucide-preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

import { byDay, type PastCall } from '../../state/history.ts'
import { nameOf } from '../../state/people.ts'
import { sentence, t } from '../../text/index.ts'
import { Button, Icon, RoundButton } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Sheet } from '../../ui/dialog.tsx'
import { Face } from '../../ui/face.tsx'
import { ProblemText } from '../../ui/field.tsx'
import { Link } from '../../ui/link.tsx'
import { Heading } from '../../ui/page.tsx'
import { Skeleton } from '../../ui/states.tsx'
import { About } from './about.tsx'
import { signOf, whatWas, whenWas } from './past.tsx'

/** As many calls are drawn before one asks for older ones. */
const page = 40

/** Back leads to the list where there is no room for both. */
export function Back() {
  return useApp().columns.value > 1 ? null : <Link to="/" class="round turns" icon={ChevronLeft} label={t.app.back} />
}

function Past({ call: past, name }: { call: PastCall; name: string }) {
  const { call } = useApp()
  return (
    <li class={`past ${past.incoming ? '' : 'own'}`}>
      <span class="past-sign">
        <Icon of={signOf(past)} size={18} />
      </span>
      <div>
        <p>{whatWas(past)}</p>
        <p class="quiet small nums past-when">
          {whenWas(past).map((x) => (
            <span key={x}>{x}</span>
          ))}
        </p>
      </div>
      {past.outcome === 'missed' && (
        <Button kind="quiet" aria-label={t.people.callBackWho(name)} onClick={() => call.start(past.peer, past.video)}>
          {t.history.callBack}
        </Button>
      )}
    </li>
  )
}

/** Calls of two, the newest at the bottom. */
function Together({ friend }: { friend: Friend }) {
  const { history, now } = useApp()
  const [limit, more] = useState(page)
  const box = useRef<HTMLDivElement>(null)
  const all = history.of(friend.account)
  const newest = all[0]?.id
  useLayoutEffect(() => {
    const scroller = box.current?.closest('[data-scrolls]')
    if (!scroller) return undefined
    let low = true // at the newest; there one stays when the room changes
    const settle = (): void => {
      if (low) scroller.scrollTop = scroller.scrollHeight
    }
    const look = (): void => void (low = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40)
    const sizes = new ResizeObserver(settle)
    sizes.observe(scroller)
    settle()
    scroller.addEventListener('scroll', look, { passive: true })
    return () => {
      sizes.disconnect()
      scroller.removeEventListener('scroll', look)
    }
  }, [newest, friend.account])
  return (
    <div class="together" ref={box}>
      {all.length > limit && (
        <Button kind="quiet" onClick={() => more(limit + page)}>
          {t.history.older}
        </Button>
      )}
      {byDay(all.slice(0, limit).reverse()).map(({ start, calls }) => (
        <section key={start.getTime()} class="day" aria-labelledby={`day-${start.getTime()}`}>
          <h2 id={`day-${start.getTime()}`} class="day-name">
            {t.history.day(start, now())}
          </h2>
          <ul>
            {calls.map((x) => (
              <Past key={x.id} call={x} name={friend.displayName} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  )
}

/** Nothing has been between the two on this device: the first call is the thing to do. */
function FirstCall({ friend }: { friend: Friend }) {
  const { call } = useApp()
  const name = friend.displayName
  return (
    <div class="first-call">
      <Face account={friend.account} size="huge" />
      <p class="quiet">{t.history.noneWith(name)}</p>
      <div class="first-ways">
        <Button kind="primary" icon={Video} aria-label={t.people.videoCall(name)} onClick={() => call.start(friend.account, true)}>
          {t.people.videoWord}
        </Button>
        <Button icon={Phone} aria-label={t.people.call(name)} onClick={() => call.start(friend.account, false)}>
          {t.people.callWord}
        </Button>
      </div>
    </div>
  )
}

function WithFriend({ friend }: { friend: Friend }) {
  const { call, columns, history, notices } = useApp()
  const [asked, ask] = useState(false)
  const name = friend.displayName
  const waiting = notices.list.value?.filter((x) => x.from.account === friend.account) ?? []
  useEffect(() => {
    if (document.visibilityState !== 'visible') return
    for (const x of waiting) void notices.see(x) // it stands among the calls here
  }, [waiting.length, friend.account])
  return (
    <>
      <header class="pane-head">
        <Back />
        <Face account={friend.account} here={friend.online} />
        <div class="grow">
          <Heading>{name}</Heading>
          <p class="quiet small" role="status">
            {friend.online ? t.people.online : t.people.offline}
          </p>
        </div>
        <div class="pane-tools">
          <RoundButton label={t.people.call(name)} icon={Phone} accent onClick={() => call.start(friend.account, false)} />
          <RoundButton label={t.people.videoCall(name)} icon={Video} accent onClick={() => call.start(friend.account, true)} />
          {columns.value < 3 && <RoundButton label={t.people.more(name)} icon={Info} onClick={() => ask(true)} />}
        </div>
      </header>
      {history.of(friend.account).length === 0 ? <FirstCall friend={friend} /> : <Together friend={friend} />}
      {asked && columns.value < 3 && (
        <Sheet title={t.people.about(name)} onClose={() => ask(false)}>
          <About friend={friend} />
        </Sheet>
      )}
    </>
  )
}

/** Stranger is the place of somebody who is no friend, or no longer. */
function Stranger({ account }: { account: string }) {
  const { people } = useApp()
  const blocked = people.lists.value?.blocked.find((x) => x.account === account)
  const name = blocked && (nameOf(blocked) || t.people.unknown)
  return (
    <>
      <div class="pane-head">
        <Back />
      </div>
      <div class="first-call">
        <Face account={account} size="large" />
        <Heading>{name === undefined ? t.people.strangerTitle : t.people.blockedTitle(name)}</Heading>
        <p class="quiet">{name === undefined ? t.people.strangerWhy : t.people.blockedWhy}</p>
        {blocked && name !== undefined ? (
          <Button disabled={people.busy.value.has(account)} aria-label={t.people.unblockWho(name)} onClick={() => void people.unblock(blocked)}>
            {t.people.unblock}
          </Button>
        ) : (
          <Link to="/add" class="button primary">
            {t.people.add}
          </Link>
        )}
      </div>
    </>
  )
}

/** Conversation is the pane of one friend. */
export function Conversation({ account }: { account: string }) {
  const { people } = useApp()
  const friend = people.friend(account)
  const problem = people.problem.value
  if (friend !== undefined) return <WithFriend key={account} friend={friend} />
  if (people.lists.value !== undefined) return <Stranger account={account} />
  return (
    <>
      <div class="pane-head">
        <Back />
        {problem ? (
          <Heading>{t.people.title}</Heading>
        ) : (
          <>
            <h1 class="unseen">{t.people.title}</h1>
            <Skeleton rows={1} face label={t.app.loading} />
          </>
        )}
      </div>
      {problem && (
        <div class="people-part">
          <ProblemText>{sentence(t, problem)}</ProblemText>
          <Button onClick={() => void people.refresh()}>{t.app.tryAgain}</Button>
        </div>
      )}
    </>
  )
}
