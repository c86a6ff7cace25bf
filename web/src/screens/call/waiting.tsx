import { Phone, PhoneOff } from 'lucide-preact'

import { type CallShown } from '../../state/call.ts'
import { t } from '../../text/index.ts'
import { Button } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Face } from '../../ui/face.tsx'

/** Waiting says who calls during a call; one goes on as if it weren't there, or decides. */
export function Waiting({ current }: { current: CallShown }) {
  const { waiting } = useApp().call
  const shown = waiting.shown.value
  if (shown === undefined) return null
  const name = waiting.name.value || t.call.someone
  const rings = current.state === 'incoming'
  return (
    <section class="knock" aria-label={t.call.waiting} data-testid="waiting">
      <Face account={shown.peer} />
      <p role="alert">
        <bdi translate={false}>{t.call.callsToo(name)}</bdi>
      </p>
      <div class="choices">
        <Button icon={PhoneOff} onClick={() => waiting.decline()}>
          {t.call.decline}
        </Button>
        <Button kind="primary" icon={Phone} onClick={() => waiting.switchTo(rings || current.camera)}>
          {rings ? t.call.answerInstead : t.call.switchTo}
        </Button>
      </div>
    </section>
  )
}
