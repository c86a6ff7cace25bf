import { Ellipsis, Mic, MicOff, MonitorUp, MonitorX, PhoneOff, SwitchCamera, Video, VideoOff, Volume2 } from 'lucide-preact'
import { useRef } from 'preact/hooks'

import { type CallShown } from '../../state/call.ts'
import { type Arrival } from '../../state/call-picture.ts'
import { t } from '../../text/index.ts'
import { Button, Spinner } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Face } from '../../ui/face.tsx'
import { hasKeyboard } from '../../ui/keyboard.ts'
import { useArrival, useFit, useFullScreen, useHold, useKeys, useMutedVoice, usePictureInPicture, useShade } from './hooks.ts'
import { More } from './more.tsx'
import { Chip, Control, Moving, TroubleBox, useHeldSound } from './parts.tsx'
import { Self } from './self.tsx'
import { Waiting } from './waiting.tsx'
import { ownRemarks, theirRemarks, wordsOfState } from './words.ts'

/** Before the two talk, hanging up takes the ring back. */
const early: ReadonlySet<CallShown['state']> = new Set(['preparing', 'outgoing'])

/** Facts says on one quiet line how long it lasts and how it travels. */
function Facts({ shown }: { shown: CallShown }) {
  const { call } = useApp()
  const quality = call.quality.word.value
  const again = shown.state === 'reconnecting'
  return (
    <p class="facts">
      {again && <Spinner />}
      <span role="status" data-testid="call-state" data-state={shown.state} class={shown.state === 'connected' ? 'unseen' : ''}>
        {wordsOfState(shown)}
      </span>
      {shown.talked && (
        <span class="nums" role="timer" aria-label={t.call.duration}>
          {t.clock(call.seconds.value)}
        </span>
      )}
      {quality !== undefined && !again && <span aria-live="off">{t.stage[quality]}</span>}
      {shown.path !== undefined && (
        <span data-testid="call-path" data-path={shown.path} class={quality !== undefined || again ? 'unseen' : ''}>
          {t.call[shown.path]}
        </span>
      )}
    </p>
  )
}

/** mutedWords says that one is muted, and what can be done about it. */
function mutedWords(heard: boolean, pushToTalk: boolean): string {
  if (pushToTalk && !hasKeyboard()) return t.stage.mutedHoldButton
  if (heard) return t.stage.mutedSpeaking
  return hasKeyboard() ? t.stage.mutedHold : t.stage.muted
}

/** Remarks are what there is to know about the other side, and about one's own line. */
function Remarks({ shown, name, arrival }: { shown: CallShown; name: string; arrival: Arrival }) {
  const { call, link, preferences } = useApp()
  const { talked } = shown
  const remarks = [...theirRemarks(shown, name, arrival), ...ownRemarks(shown, link.trouble.value !== undefined, call.notes.note.value)]
  return (
    <div class="remarks" role="status">
      {remarks.map((x) => (
        <Chip key={x}>{x}</Chip>
      ))}
      {talked && call.talk.talking.value && <Chip icon={Mic}>{hasKeyboard() ? t.stage.talking : t.stage.talkingButton}</Chip>}
      {talked && shown.muted && (
        <Chip icon={MicOff} strong={call.voice.heard.value}>
          {mutedWords(call.voice.heard.value, preferences.pushToTalk.value)}
        </Chip>
      )}
    </div>
  )
}

function Controls({ shown, moreId }: { shown: CallShown; moreId: string }) {
  const { call } = useApp()
  const isEarly = early.has(shown.state)
  const { onClick, ...hold } = useHold(call)
  const end = isEarly ? t.call.cancel : t.call.hangUp
  return (
    <div class="controls" role="group" aria-label={t.call.controls}>
      <Control label={t.call.mute} word={t.call.mute} shortcut="M" icon={shown.muted ? MicOff : Mic} kind={shown.muted ? 'off' : ''} pressed={shown.muted} onClick={onClick} hold={hold} />
      <Control
        label={t.stage.camera}
        word={t.stage.camera}
        shortcut="V"
        icon={shown.camera ? Video : VideoOff}
        kind={shown.camera || !shown.video ? '' : 'off'}
        pressed={shown.camera}
        onClick={() => call.toggleCamera()}
      />
      {shown.canShareScreen && !isEarly && (
        <Control
          label={t.stage.share}
          word={t.stage.shareWord}
          shortcut="S"
          icon={shown.screen ? MonitorX : MonitorUp}
          kind={shown.screen ? 'on' : ''}
          pressed={shown.screen}
          onClick={() => call.toggleScreen()}
        />
      )}
      {!shown.canShareScreen && !isEarly && shown.camera && shown.facing !== undefined && (
        <Control label={t.stage.swapCamera} word={t.stage.swapWord} icon={SwitchCamera} onClick={() => call.swapCamera()} />
      )}
      <Control label={t.stage.more} word={t.stage.more} icon={Ellipsis} opens={moreId} />
      <Control label={end} word={isEarly ? t.app.cancel : t.call.hangUp} icon={PhoneOff} kind="end" onClick={() => call.hangUp()} />
    </div>
  )
}

function Sharing() {
  const { call } = useApp()
  return (
    <div class="sharing">
      <p role="status">{t.stage.sharing}</p>
      <Button onClick={() => call.toggleScreen()}>{t.stage.stopSharing}</Button>
    </div>
  )
}

const seesThem = (shown: CallShown): boolean => shown.talked && shown.remoteStream !== undefined && (shown.remote.video || shown.remote.screen)

/** Stage is the call itself: the other's picture fills it, one's own is small. */
export function Stage({ shown, name }: { shown: CallShown; name: string }) {
  const { call, preferences } = useApp()
  const root = useRef<HTMLDivElement>(null)
  const video = useRef<HTMLVideoElement>(null)
  const sound = useHeldSound()
  const full = useFullScreen(root)
  const pip = usePictureInPicture(video)
  const fit = useFit(video, shown.remote.screen)
  const arrival = useArrival(video, shown.remoteStream, seesThem(shown))
  const pictured = arrival === 'comes' || arrival === 'stopped'
  const large = shown.camera && (!shown.talked || arrival === 'soon')
  const shade = useShade(root, pictured && (arrival === 'comes' || shown.remote.screen) && shown.state === 'connected' && shown.trouble === undefined && !sound.held && call.waiting.shown.value === undefined)
  useMutedVoice(call, shown.localStream, shown.muted && shown.talked)
  useKeys(root, call, {
    mute: () => call.toggleMute(),
    camera: () => call.toggleCamera(),
    screen: shown.canShareScreen ? () => call.toggleScreen() : undefined,
    full: full.can ? full.toggle : undefined,
  })
  const classes = { pictured, previewed: large, bare: !shade.shown.value, guarded: !shade.ready.value, adrift: shown.state === 'reconnecting' }
  return (
    <div class={`stage ${Object.entries(classes).flatMap(([name, on]) => (on ? [name] : [])).join(' ')}`} ref={root}>
      <Moving id="remote-video" stream={shown.remoteStream} label={t.call.theirPicture(name)} seen={pictured} fit={fit} speaker={preferences.speaker.value} onHeld={sound.hold} inner={video} />
      <Self shown={shown} large={large} />
      <div class="head">
        <div class="who">
          {!pictured && !large && <Face account={shown.peer} size="huge" rings={shown.ringing && !shown.talked} />}
          <h1 translate={false} dir="auto">
            {name}
          </h1>
          <Facts shown={shown} />
        </div>
      </div>
      <Waiting current={shown} />
      {shown.screen && <Sharing />}
      <Remarks shown={shown} name={name} arrival={arrival} />
      {shown.trouble && <TroubleBox trouble={shown.trouble} />}
      {sound.held && (
        <div class="trouble" role="alert">
          <p>{t.call.playBlocked}</p>
          <Button icon={Volume2} onClick={sound.release}>
            {t.call.play}
          </Button>
        </div>
      )}
      <Controls shown={shown} moreId="call-more" />
      <More id="call-more" shown={shown} full={full} pip={pip} />
    </div>
  )
}
