import { Video, VideoOff, Volume2 } from 'lucide-preact'
import { useEffect, useRef } from 'preact/hooks'

import { type Choice, type Kind } from '../../state/devices.ts'
import { problem as problemOf } from '../../state/problem.ts'
import { sentence, t } from '../../text/index.ts'
import { Button, Icon, Spinner } from '../../ui/button.tsx'
import { Select } from '../../ui/choice.tsx'
import { useApp } from '../../ui/context.ts'
import { ProblemText, Switch } from '../../ui/field.tsx'
import { hasKeyboard } from '../../ui/keyboard.ts'
import { Level } from '../../ui/level.tsx'

/** One's own picture, as it would be sent; the room for it is there before it is. */
function Picture() {
  const { devices, preferences } = useApp()
  const video = useRef<HTMLVideoElement>(null)
  const stream = devices.stream.value
  const looking = devices.looking.value
  const pictured = (stream?.getVideoTracks().length ?? 0) > 0
  useEffect(() => {
    const element = video.current
    if (element === null) return
    element.srcObject = pictured ? (stream ?? null) : null
    if (pictured) void element.play().catch(() => undefined)
  }, [stream, pictured])
  return (
    <div class="mirror">
      <video ref={video} class={preferences.mirror.value ? 'mirrored' : ''} hidden={!pictured} tabIndex={-1} muted playsInline aria-label={t.devices.yourPicture} />
      {!pictured && (
        <div class="mirror-empty">
          {looking === 'asking' ? (
            <p class="waits">
              <Spinner />
              <span>{t.devices.starting}</span>
            </p>
          ) : (
            <>
              <Icon of={VideoOff} size={32} />
              <p>{looking === 'on' ? t.devices.noPicture : t.devices.closed}</p>
            </>
          )}
        </div>
      )}
    </div>
  )
}

/** What stands under the picture: the way in, and how loud one is. */
function Sound({ calls }: { calls: boolean }) {
  const { devices } = useApp()
  const looking = devices.looking.value
  const trouble = devices.problem.value
  const listens = looking === 'on' && (devices.stream.value?.getAudioTracks().length ?? 0) > 0
  return (
    <div class="mirror-under">
      {devices.stream.value !== undefined ? (
        <div class="mirror-bar">
          {trouble !== undefined && <Button onClick={() => devices.retry()}>{t.devices.again}</Button>}
          <Button icon={VideoOff} onClick={() => devices.close()}>
            {t.devices.off}
          </Button>
        </div>
      ) : (
        <Button kind={calls ? 'plain' : 'primary'} wide icon={Video} busy={looking === 'asking'} onClick={() => devices.open()}>
          {trouble === undefined ? t.devices.on : t.devices.again}
        </Button>
      )}
      <ProblemText>{trouble === undefined ? undefined : sentence(t, problemOf(trouble))}</ProblemText>
      <div class={listens ? 'listens' : 'listens silent'}>
        <Level label={t.devices.level} stream={listens ? devices.stream.value : undefined} onVoice={() => devices.hears()} />
        <p class="small quiet" role="status">
          {listens && (devices.heard.value ? t.devices.heard : t.devices.speak)}
        </p>
      </div>
    </div>
  )
}

const numbered: Readonly<Record<Kind, (n: number) => string>> = {
  microphone: (n) => t.devices.microphoneNumber(n),
  camera: (n) => t.devices.cameraNumber(n),
  speaker: (n) => t.devices.speakerNumber(n),
}

function Pick({ kind, choices }: { kind: Kind; choices: readonly Choice[] }) {
  const { devices, preferences } = useApp()
  const words = (c: Choice): string => (c.gone === true ? t.devices.gone : c.label === '' ? numbered[kind](c.number) : c.label)
  const chosen = preferences[kind].value
  return (
    <Select
      label={t.devices[kind]}
      value={choices.some((c) => c.id === chosen) ? chosen : ''}
      options={[{ value: '', words: t.devices.system }, ...choices.map((c) => ({ value: c.id, words: words(c) }))]}
      onPick={(id) => devices.choose(kind, id)}
    />
  )
}

function Speaker() {
  const { devices, page } = useApp()
  const test = devices.speakerTest.value
  const speakers = devices.speakers.value
  return (
    <div class="speaker">
      {page.choosesSpeaker && speakers.length > 0 && <Pick kind="speaker" choices={speakers} />}
      <div class="speaker-test">
        <Button icon={Volume2} busy={test === 'playing'} onClick={() => void devices.playSound()}>
          {test === 'playing' ? t.devices.playing : t.devices.play}
        </Button>
        <div class="speaker-asks" role="status">
          {test === 'asks' && <p>{t.devices.didYouHear}</p>}
          {test === 'heard' && <p>{t.devices.heardSpeaker}</p>}
          {test === 'unheard' && <p>{t.devices.unheard}</p>}
          {test === 'failed' && <p>{t.devices.soundFailed}</p>}
        </div>
        {test === 'asks' && (
          <div class="speaker-answers">
            <Button onClick={() => devices.answer(true)}>{t.devices.yes}</Button>
            <Button onClick={() => devices.answer(false)}>{t.devices.no}</Button>
          </div>
        )}
      </div>
    </div>
  )
}

function Switches() {
  const { preferences } = useApp()
  return (
    <div class="device-switches">
      <Switch label={t.devices.blur} help={t.devices.blurWhy} on={preferences.blur.value} onTurn={(on) => (preferences.blur.value = on)} />
      <Switch label={t.devices.quiet} help={t.devices.quietWhy} on={preferences.quietNoise.value} onTurn={(on) => (preferences.quietNoise.value = on)} />
      <Switch label={t.devices.mirror} help={t.devices.mirrorWhy} on={preferences.mirror.value} onTurn={(on) => (preferences.mirror.value = on)} />
      <Switch label={t.settings.talk} help={hasKeyboard() ? t.settings.talkWhy : t.stage.pushToTalkButton} on={preferences.pushToTalk.value} onTurn={(on) => (preferences.pushToTalk.value = on)} />
    </div>
  )
}

/** DevicePanel is all of it: look, listen, choose. Leaving it closes camera and microphone. Where it leads to a call, the call is the thing to do. */
export function DevicePanel({ calls = false }: { calls?: boolean }) {
  const { devices } = useApp()
  useEffect(() => {
    const stop = devices.watch()
    return () => {
      stop()
      devices.leave()
    }
  }, [])
  return (
    <div class="devices">
      <div class="devices-see">
        <Picture />
        <Sound calls={calls} />
      </div>
      <div class="devices-pick">
        <Pick kind="microphone" choices={devices.microphones.value} />
        <Pick kind="camera" choices={devices.cameras.value} />
        <Speaker />
        <Switches />
      </div>
    </div>
  )
}
