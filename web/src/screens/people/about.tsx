import { type Friend } from '@ringfence/sdk'
import { Ban, Copy, UserMinus } from 'lucide-preact'
import { useState } from 'preact/hooks'

import { copied } from '../../state/invites.ts'
import { t } from '../../text/index.ts'
import { Button, RoundButton } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Confirm } from '../../ui/dialog.tsx'
import { Face } from '../../ui/face.tsx'
import { Handle } from '../../ui/handle.tsx'

/** About is what there is to know of a friend, and how to part. */
export function About({ friend }: { friend: Friend }) {
  const { people, router, page, toasts, now } = useApp()
  const [asked, ask] = useState<'remove' | 'block' | undefined>()
  const name = friend.displayName
  const busy = people.busy.value.has(friend.account)
  const close = (): void => ask(undefined)
  const part = (done: Promise<boolean>): void => {
    void done.then((gone) => {
      close()
      if (gone) router.replace('/')
    })
  }
  return (
    <div class="about-body">
      <div class="about-face">
        <Face account={friend.account} size="huge" />
        <p class="name">
          <bdi translate={false}>{name}</bdi>
        </p>
        <p class="quiet">{t.people.since(friend.since, now())}</p>
      </div>
      <div class="about-handle">
        <p>
          <span class="unseen">{t.people.handleOf(name)}</span>
          <Handle of={friend.handle} />
        </p>
        <RoundButton label={t.people.copyHandle} icon={Copy} onClick={() => void copied(page, toasts, friend.handle, 'handleCopied')} />
      </div>
      <p class="quiet small">{t.people.trust(name)}</p>
      <div class="about-parts">
        <Button kind="end-quiet" icon={UserMinus} onClick={() => ask('remove')}>
          {t.people.remove}
        </Button>
        <Button kind="end-quiet" icon={Ban} onClick={() => ask('block')}>
          {t.people.block}
        </Button>
      </div>
      {asked === 'remove' && (
        <Confirm title={t.confirm.removeTitle(name)} why={t.confirm.removeWhy(name)} action={t.confirm.remove} busy={busy} onClose={close} onConfirm={() => part(people.remove(friend))} />
      )}
      {asked === 'block' && (
        <Confirm title={t.confirm.blockTitle(name)} why={t.confirm.blockWhy(name)} action={t.confirm.block} busy={busy} onClose={close} onConfirm={() => part(people.block(friend))} />
      )}
    </div>
  )
}
