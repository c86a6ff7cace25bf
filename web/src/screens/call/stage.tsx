import { Mic, MicOff, PhoneOff, Video, VideoOff, Volume2 } from 'lucide-preact'

import { type CallShown } from '../../state/call.ts'
import { t } from '../../text/index.ts'
import { Button } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Face } from '../../ui/face.tsx'
import { Control, Moving, TroubleBox, useHeldSound } from './parts.tsx'
import { wordsOfState } from './words.ts'

/** Before the two talk, hanging up takes the ring back. */
const early: ReadonlySet<CallShown['state']> = new Set(['preparing', 'outgoing'])

/** Facts says on one quiet line how long it lasts and how it travels. */
function Facts({ shown }: { shown: CallShown }) {
  const { call } = useApp()
  const words = shown.path && t.call[shown.path]
  return (
    <p class="facts">
      <span role="status" data-testid="call-state" data-state={shown.state} class={shown.state === 'connected' ? 'unseen' : ''}>
        {wordsOfState(shown)}
      </span>
      {shown.talked && (
        <span class="nums" role="timer" aria-label={t.call.duration}>
          {t.clock(call.seconds.value)}
        </span>
      )}
      {words !== undefined && (
        <span data-testid="call-path" data-path={shown.path}>
          {words}
        </span>
      )}
    </p>
  )
}

/** Remarks are what there is to know about the other side, and about one's own line. */
function Remarks({ shown, name }: { shown: CallShown; name: string }) {
  const { link } = useApp()
  const unheard = link.trouble.value !== undefined && !shown.talked
  const remarks = [
    unheard && t.errors.codes.network,
    shown.away && t.call.theyAway(name),
    shown.talked && !shown.remote.audio && t.call.theyMuted(name),
    shown.talked && shown.video && !shown.remote.video && t.call.theirCameraOff(name),
    shown.talked && shown.muted && t.call.youMuted,
  ].filter((x) => typeof x === 'string')
  return (
    <div class="remarks" role="status">
      {remarks.map((x) => (
        <p key={x}>{x}</p>
      ))}
    </div>
  )
}

function Controls({ shown }: { shown: CallShown }) {
  const { call } = useApp()
  const end = early.has(shown.state) ? t.call.cancel : t.call.hangUp
  return (
    <div class="controls" role="group" aria-label={t.call.controls}>
      <Control
        label={shown.muted ? t.call.unmute : t.call.mute}
        word={shown.muted ? t.call.unmute : t.call.mute}
        icon={shown.muted ? MicOff : Mic}
        kind={shown.muted ? 'off' : ''}
        onClick={() => call.toggleMute()}
      />
      <Control
        label={shown.camera ? t.call.cameraOff : t.call.cameraOn}
        word={t.call.cameraWord}
        icon={shown.camera ? Video : VideoOff}
        kind={shown.camera || !shown.video ? '' : 'off'}
        onClick={() => call.toggleCamera()}
      />
      <Control label={end} word={end} icon={PhoneOff} kind="end" onClick={() => call.hangUp()} />
    </div>
  )
}

/** Stage is the call itself: the other's picture fills it, one's own is small. */
export function Stage({ shown, name }: { shown: CallShown; name: string }) {
  const sound = useHeldSound()
  const pictured = shown.talked && shown.remote.video && shown.remoteStream !== undefined
  return (
    <div class={`stage ${pictured ? 'pictured' : ''}`}>
      <Moving id="remote-video" stream={shown.remoteStream} label={t.call.theirPicture(name)} seen={pictured} onHeld={sound.hold} />
      <div class="head">
        <div class="who">
          {!pictured && <Face account={shown.peer} size="huge" rings={shown.ringing && !shown.talked} />}
          <h1 translate={false} dir="auto">
            {name}
          </h1>
          <Facts shown={shown} />
        </div>
        <Remarks shown={shown} name={name} />
      </div>
      {shown.trouble && <TroubleBox trouble={shown.trouble} />}
      {sound.held && (
        <div class="trouble" role="alert">
          <p>{t.call.playBlocked}</p>
          <Button icon={Volume2} onClick={sound.release}>
            {t.call.play}
          </Button>
        </div>
      )}
      <div class={`self ${shown.camera ? '' : 'gone'}`}>
        <Moving id="self-video" stream={shown.localStream} label={t.call.you} muted mirrored seen={shown.camera} />
      </div>
      <Controls shown={shown} />
    </div>
  )
}
