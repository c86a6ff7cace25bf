import { Check, Phone, PhoneMissed, Video } from 'lucide-preact'

import { t } from '../../text/index.ts'
import { Button, Icon, RoundButton } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Section } from '../../ui/page.tsx'

/** Missed shows calls that nobody answered here, until they were seen. */
export function Missed() {
  const { notices, people, call, now } = useApp()
  const friends = new Set(people.friends.value.map((x) => x.account))
  const list = notices.list.value ?? []
  if (list.length === 0) return null
  const all = list.length > 1 && (
    <Button kind="quiet" onClick={() => void notices.seeAll()}>
      {t.people.dismissAll}
    </Button>
  )
  return (
    <Section title={t.people.missed} id="people-missed" aside={all}>
      <ul class="list">
        {list.map((x) => {
          const name = x.from.displayName
          return (
            <li class="row" key={x.id}>
              <span class="sign">
                <Icon of={PhoneMissed} />
              </span>
              <div class="grow">
                <p class="name">
                  {x.video ? t.people.missedVideo(name) : t.people.missedCall(name)}
                </p>
                <p class="quiet small">{t.people.missedWhen(x.at, now())}</p>
              </div>
              <div class="tools">
                <RoundButton label={t.people.dismissWho(name)} icon={Check} onClick={() => void notices.see(x)} />
                {friends.has(x.from.account) && (
                  <RoundButton
                    label={t.people.callBackWho(name)}
                    icon={x.video ? Video : Phone}
                    accent
                    onClick={() => {
                      void notices.see(x)
                      call.start(x.from.account, x.video, name)
                    }}
                  />
                )}
              </div>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
