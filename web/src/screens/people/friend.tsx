import { type Friend } from '@ringfence/sdk'
import { Ban, Phone, UserMinus, Video } from 'lucide-preact'
import { useState } from 'preact/hooks'

import { t } from '../../text/index.ts'
import { RoundButton } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Confirm } from '../../ui/dialog.tsx'
import { Face } from '../../ui/face.tsx'
import { Menu } from '../../ui/menu.tsx'

/** FriendRow is one friend, whether they are here, and how to call them. */
export function FriendRow({ friend }: { friend: Friend }) {
  const { call, people } = useApp()
  const [asked, ask] = useState<'remove' | 'block' | undefined>()
  const name = friend.displayName
  const close = (): void => ask(undefined)
  return (
    <li class="row">
      <Face account={friend.account} here={friend.online} />
      <div class="grow">
        <p class="name">
          <bdi translate={false}>{name}</bdi>
        </p>
        <p class="quiet small">{friend.online ? t.people.online : t.people.offline}</p>
      </div>
      <div class="tools">
        <RoundButton label={t.people.call(name)} icon={Phone} accent onClick={() => call.start(friend.account, false)} />
        <RoundButton label={t.people.videoCall(name)} icon={Video} accent onClick={() => call.start(friend.account, true)} />
        <Menu
          label={t.people.more(name)}
          items={[
            { words: t.people.remove, icon: UserMinus, ends: true, act: () => ask('remove') },
            { words: t.people.block, icon: Ban, ends: true, act: () => ask('block') },
          ]}
        />
      </div>
      {asked === 'remove' && (
        <Confirm
          title={t.confirm.removeTitle(name)}
          why={t.confirm.removeWhy(name)}
          action={t.confirm.remove}
          busy={people.busy.value.has(friend.account)}
          onClose={close}
          onConfirm={() => void people.remove(friend).then(close)}
        />
      )}
      {asked === 'block' && (
        <Confirm
          title={t.confirm.blockTitle(name)}
          why={t.confirm.blockWhy(name)}
          action={t.confirm.block}
          busy={people.busy.value.has(friend.account)}
          onClose={close}
          onConfirm={() => void people.block(friend).then(close)}
        />
      )}
    </li>
  )
}
