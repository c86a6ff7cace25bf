import { Phone, PhoneOff, Video } from 'lucide-preact'
import { useEffect } from 'preact/hooks'

import { type CallShown } from '../../state/call.ts'
import { t } from '../../text/index.ts'
import { useApp } from '../../ui/context.ts'
import { Button } from '../../ui/button.tsx'
import { Face } from '../../ui/face.tsx'
import { Control, TroubleBox } from './parts.tsx'
import { Waiting } from './waiting.tsx'
import { wordsOfState } from './words.ts'

/** Incoming rings: who it is, and what one can do. */
export function Incoming({ shown, name }: { shown: CallShown; name: string }) {
  const { call } = useApp()
  useEffect(() => {
    const before = document.title
    document.title = t.call.titleIncoming(name)
    return () => {
      document.title = before
    }
  }, [name])
  return (
    <div class="ringing">
      <div class="who">
        <Face account={shown.peer} size="huge" rings />
        <h1 translate={false} dir="auto">
          {name}
        </h1>
        <p role="status" data-testid="call-state" data-state={shown.state}>
          {wordsOfState(shown)}
        </p>
      </div>
      <Waiting current={shown} />
      {shown.trouble && <TroubleBox trouble={shown.trouble} />}
      <div class="answers">
        <div class="pair">
          <Control label={t.call.decline} word={t.call.decline} icon={PhoneOff} kind="end" onClick={() => call.decline()} />
          <Control label={t.call.accept} word={t.call.accept} icon={shown.video ? Video : Phone} kind="call" next onClick={() => call.answer(shown.video)} />
        </div>
        {shown.video && (
          <Button kind="quiet" onClick={() => call.answer(false)}>
            {t.call.acceptAudio}
          </Button>
        )}
      </div>
    </div>
  )
}
