import { Phone } from 'lucide-preact'

import { type CallShown } from '../../state/call.ts'
import { sentence, t } from '../../text/index.ts'
import { Button } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Face } from '../../ui/face.tsx'
import { problem } from '../../state/problem.ts'

/** whyOf says why the call ended, in the words that fit best. */
function whyOf(shown: CallShown, name: string, cut: boolean): string {
  const end = shown.end ?? 'error'
  if (cut && (end === 'failed' || end === 'error')) return sentence(t, problem('network'))
  if (end === 'unreachable' || end === 'rate_limited') return sentence(t, problem(end, 'call'))
  return t.call.ended[end].why(name)
}

/** End says why the call is over, and what one can do next. */
export function End({ shown, name }: { shown: CallShown; name: string }) {
  const { call, link } = useApp()
  const end = shown.end ?? 'error'
  const again = end !== 'answered_elsewhere' && end !== 'reach' && end !== 'unreachable'
  const why = whyOf(shown, name, link.trouble.value !== undefined)
  return (
    <div class="ringing">
      <div class="who">
        <Face account={shown.peer} size="huge" />
        <p translate={false} dir="auto">
          {name}
        </p>
        <div role="status">
          <h1 data-testid="call-state" data-state={shown.state}>
            {t.call.ended[end].title}
          </h1>
          {why !== '' && <p>{why}</p>}
        </div>
        {shown.talked && <p class="nums">{t.call.lasted(call.seconds.value)}</p>}
      </div>
      <div class="answers">
        <div class="next">
          {again && (
            <Button kind="quiet" icon={Phone} onClick={() => call.again()}>
              {t.call.again}
            </Button>
          )}
          <Button data-next="" onClick={() => call.close()}>
            {t.call.close}
          </Button>
        </div>
      </div>
    </div>
  )
}
