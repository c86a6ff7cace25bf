import { type Friend } from '@ringfence/sdk'
import { Phone, Video } from 'lucide-preact'

import { friendAt } from '../../state/router.ts'
import { t } from '../../text/index.ts'
import { RoundButton } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Face } from '../../ui/face.tsx'
import { Link } from '../../ui/link.tsx'

/** PersonRow is one friend in the list: a way to them, whether they are here, and how to call them. */
export function PersonRow({ friend, current, reached }: { friend: Friend; current: boolean; reached: boolean }) {
  const { call } = useApp()
  const name = friend.displayName
  const tabIndex = reached ? 0 : -1
  return (
    <div class="person">
      <Link to={friendAt(friend.account)} class="person-link" current={current} tabIndex={tabIndex}>
        <Face account={friend.account} here={friend.online} />
        <span class="person-words">
          <span class="name clip">
            <bdi translate={false}>{name}</bdi>
          </span>
          <span class="quiet small">{friend.online ? t.people.online : t.people.offline}</span>
        </span>
      </Link>
      <RoundButton label={t.people.call(name)} icon={Phone} tabIndex={tabIndex} onClick={() => call.start(friend.account, false)} />
      <RoundButton label={t.people.videoCall(name)} icon={Video} tabIndex={tabIndex} onClick={() => call.start(friend.account, true)} />
    </div>
  )
}
