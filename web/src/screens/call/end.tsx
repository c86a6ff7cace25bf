import { Headphones, Phone, Video } from 'lucide-preact'

import { type CallShown, type EndReason } from '../../state/call.ts'
import { problem } from '../../state/problem.ts'
import { sentence, t } from '../../text/index.ts'
import { Button } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Face } from '../../ui/face.tsx'

/** whyOf says why the call ended, in the words that fit best. */
function whyOf(shown: CallShown, name: string, cut: boolean): string {
  const end = shown.end ?? 'error'
  if (shown.missed) return t.stage.missed(name)
  if (cut && (end === 'failed' || end === 'error')) return sentence(t, problem('network'))
  if (end === 'unreachable' || end === 'rate_limited') return sentence(t, problem(end, 'call'))
  return t.call.ended[end].why(name)
}

function titleOf(shown: CallShown): string {
  if (shown.missed) return shown.video ? t.stage.missedVideoTitle : t.stage.missedTitle
  return t.call.ended[shown.end ?? 'error'].title
}

/** Ends after which calling once more leads nowhere. */
const final: ReadonlySet<EndReason> = new Set(['answered_elsewhere', 'moved', 'reach', 'unreachable'])
/** Ends of a call that found nobody. */
const nobody: ReadonlySet<EndReason> = new Set(['offline', 'no_answer'])
/** Ends that a network with little room may have made. */
const thin: ReadonlySet<EndReason> = new Set(['failed', 'lost'])
const broken: ReadonlySet<EndReason> = new Set(['failed', 'error'])

/** Next offers what fits the end: once more, once more without a picture, a look at camera and sound. */
function Next({ shown, here }: { shown: CallShown; here: boolean }) {
  const { call, router } = useApp()
  const end = shown.end ?? 'error'
  const again = shown.missed ? t.stage.callBack : t.call.again
  const first = shown.missed || (here && nobody.has(end))
  const without = shown.video && (shown.missed || (!shown.incoming && thin.has(end)))
  const check = (): void => {
    call.close()
    router.go('/check')
  }
  return (
    <div class="next">
      {!final.has(end) && (
        <Button kind={first ? 'primary' : 'plain'} icon={shown.video ? Video : Phone} onClick={() => call.again()} {...(first ? { 'data-next': '' } : {})}>
          {again}
        </Button>
      )}
      {without && (
        <Button icon={Phone} onClick={() => call.again(false)}>
          {shown.missed ? t.stage.callBackAudio : t.stage.againAudio}
        </Button>
      )}
      {broken.has(end) && !shown.missed && (
        <Button icon={Headphones} onClick={check}>
          {t.stage.check}
        </Button>
      )}
      <Button kind="quiet" {...(first ? {} : { 'data-next': '' })} onClick={() => call.close()}>
        {t.call.close}
      </Button>
    </div>
  )
}

/** End says why the call is over, and what one can do next. */
export function End({ shown, name }: { shown: CallShown; name: string }) {
  const { call, link } = useApp()
  const why = whyOf(shown, name, link.trouble.value !== undefined)
  const waits = !shown.incoming && shown.end !== undefined && nobody.has(shown.end)
  const here = call.here.value
  return (
    <div class="ringing over">
      <div class="who">
        <Face account={shown.peer} size="huge" />
        <p translate={false} dir="auto">
          {name}
        </p>
        <div role="status">
          <h1 data-testid="call-state" data-state={shown.state} data-end={shown.missed ? 'missed' : shown.end}>
            {titleOf(shown)}
          </h1>
          {why !== '' && <p>{why}</p>}
        </div>
        {shown.talked && shown.end !== 'moved' && <p class="nums">{t.call.lasted(call.seconds.value)}</p>}
        {waits && (
          <p role="status" class={here ? 'here-now' : ''}>
            {here ? t.stage.hereNow(name) : shown.end === 'offline' ? t.stage.waitHere(name) : ''}
          </p>
        )}
      </div>
      <div class="answers">
        <Next shown={shown} here={here} />
      </div>
    </div>
  )
}
