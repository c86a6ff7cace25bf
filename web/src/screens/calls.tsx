import { Phone, PhoneMissed, Trash2, Video } from 'lucide-preact'
import { useEffect, useState } from 'preact/hooks'

import { byDay, type PastCall } from '../state/history.ts'
import { friendAt } from '../state/router.ts'
import { t } from '../text/index.ts'
import { Button, Icon, RoundButton } from '../ui/button.tsx'
import { Segmented } from '../ui/choice.tsx'
import { useApp } from '../ui/context.ts'
import { Face } from '../ui/face.tsx'
import { Link } from '../ui/link.tsx'
import { Heading } from '../ui/page.tsx'
import { EmptyState } from '../ui/states.tsx'
import { signOf, whatWas, whenWas } from './people/past.tsx'

const page = 60

function CallRow({ past }: { past: PastCall }) {
  const { people, call } = useApp()
  const friend = people.friend(past.peer)
  const name = friend?.displayName ?? (past.name || t.call.someone)
  const words = (
    <>
      <Face account={past.peer} />
      <span class="person-words">
        <span class="name clip">
          <bdi translate={false}>{name}</bdi>
        </span>
        <span class={`small past-what ${past.outcome === 'missed' ? 'was-missed' : 'quiet'}`}>
          <Icon of={signOf(past)} size={16} />
          <span>{whatWas(past)}</span>
        </span>
        <span class="quiet small nums past-when">
          {whenWas(past).map((x) => (
            <span key={x}>{x}</span>
          ))}
        </span>
      </span>
    </>
  )
  return (
    <li class="person">
      {friend === undefined ? (
        <div class="person-link">{words}</div>
      ) : (
        <>
          <Link to={friendAt(past.peer)} class="person-link">
            {words}
          </Link>
          <RoundButton label={past.incoming ? t.people.callBackWho(name) : past.video ? t.people.videoCall(name) : t.people.call(name)} icon={past.video ? Video : Phone} onClick={() => call.start(past.peer, past.video)} />
        </>
      )}
    </li>
  )
}

/** CallsScreen is all calls of this device, by day. */
export function CallsScreen() {
  const { history, notices, now } = useApp()
  const [which, choose] = useState<'all' | 'missed'>('all')
  const [limit, more] = useState(page)
  const waiting = notices.list.value?.length ?? 0
  useEffect(() => {
    if (waiting > 0 && document.visibilityState === 'visible') void notices.seeAll() // they stand here now
  }, [waiting])
  const all = history.list.value
  const list = which === 'all' ? all : all.filter((x) => x.outcome === 'missed')
  return (
    <div class="shell">
      <div class="title-row">
        <Heading>{t.history.title}</Heading>
        {all.length > 0 && (
          <Button kind="quiet" icon={Trash2} onClick={() => history.clear()}>
            {t.history.clear}
          </Button>
        )}
      </div>
      {all.length > 0 && (
        <Segmented
          label={t.history.show}
          evident
          value={which}
          options={[
            { value: 'all', words: t.history.all },
            { value: 'missed', words: t.history.missed },
          ]}
          onPick={choose}
        />
      )}
      {list.length === 0 && (all.length === 0 ? <EmptyState title={t.history.none} why={t.history.noneWhy} icon={Phone} /> : <EmptyState title={t.history.noneMissed} why={t.history.noneMissedWhy} icon={PhoneMissed} />)}
      {byDay(list.slice(0, limit)).map(({ start, calls }) => (
        <section key={start.getTime()} class="day" aria-labelledby={`calls-${start.getTime()}`}>
          <h2 id={`calls-${start.getTime()}`} class="day-name">
            {t.history.day(start, now())}
          </h2>
          <ul>
            {calls.map((x) => (
              <CallRow key={x.id} past={x} />
            ))}
          </ul>
        </section>
      ))}
      {list.length > limit && <Button onClick={() => more(limit + page)}>{t.history.older}</Button>}
    </div>
  )
}
