import { type Device } from '@ringfence/sdk'
import { Camera, ChevronLeft, ChevronRight, Info, Keyboard, Maximize, Mic, Minimize, PictureInPicture2, SwitchCamera, Volume2, X, type LucideIcon } from 'lucide-preact'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'

import { type CallShown } from '../../state/call.ts'

import { t } from '../../text/index.ts'
import { Icon, RoundButton } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'
import { Switch } from '../../ui/field.tsx'
import { hasKeyboard } from '../../ui/keyboard.ts'
import { Details } from './details.tsx'
import { type Toggle } from './hooks.ts'

type Kind = 'microphone' | 'camera' | 'speaker'
type Leaf = Kind | 'details' | 'keys'

interface MoreProps {
  id: string
  shown: CallShown
  full: Toggle
  pip: Toggle
}

const canChooseSpeaker = (): boolean => typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype

/** What this browser can do to picture and sound before they are sent. */
const canChange = (): { blur: boolean; quiet: boolean } => ({
  blur: typeof HTMLCanvasElement !== 'undefined' && 'captureStream' in HTMLCanvasElement.prototype && typeof WebAssembly !== 'undefined',
  quiet: typeof AudioWorkletNode !== 'undefined' && typeof WebAssembly !== 'undefined',
})

const titleOf = (leaf: Leaf | undefined): string => {
  switch (leaf) {
    case 'microphone':
      return t.stage.microphone
    case 'camera':
      return t.stage.cameraChoice
    case 'speaker':
      return t.stage.speaker
    case 'details':
      return t.stage.details
    case 'keys':
      return t.stage.keys
    case undefined:
      return t.stage.more
  }
}

/** Line is one thing to do in the sheet. */
function Line({ icon, words, value, leads = false, onClick }: { icon: LucideIcon; words: string; value?: string; leads?: boolean; onClick: () => void }) {
  return (
    <button type="button" class="line" onClick={onClick}>
      <Icon of={icon} />
      <span class="grow">
        <span>{words}</span>
        {value !== undefined && (
          <span class="value" dir="auto">
            {value}
          </span>
        )}
      </span>
      {leads && <Icon of={ChevronRight} />}
    </button>
  )
}

const labelOf = (device: Device, at: number): string => (device.label === '' ? t.stage.unnamed(at + 1) : device.label)

/** useChosen tells which device of a kind is in use, and changes it. */
function useChosen(shown: CallShown): Record<Kind, { list: readonly Device[]; id: string; choose: (id: string) => void }> {
  const { call, preferences } = useApp()
  const { microphones, cameras, speakers } = call.devices.list.value
  const known = (list: readonly Device[], ...ids: (string | undefined)[]): string => ids.find((id) => list.some((d) => d.id === id)) ?? ''
  return {
    microphone: { list: microphones, id: known(microphones, shown.using.microphone, preferences.microphone.value), choose: (id) => call.chooseMicrophone(id) },
    camera: { list: cameras, id: known(cameras, shown.using.camera, preferences.camera.value), choose: (id) => call.chooseCamera(id) },
    speaker: { list: speakers, id: known(speakers, preferences.speaker.value), choose: (id) => (preferences.speaker.value = id) },
  }
}

function DeviceList({ kind, shown }: { kind: Kind; shown: CallShown }) {
  const { list, id, choose } = useChosen(shown)[kind]
  const name = useId()
  const rows = [...(kind === 'speaker' && !list.some((d) => d.id === 'default') ? [{ id: '', label: t.stage.systemChoice }] : []), ...list]
  return (
    <div class="radios" role="radiogroup" aria-label={titleOf(kind)}>
      {rows.map((device, at) => (
        <label key={device.id} class="line">
          <input type="radio" name={name} checked={device.id === id} onChange={() => choose(device.id)} />
          <span class="grow" dir="auto">
            {labelOf(device, at)}
          </span>
        </label>
      ))}
    </div>
  )
}

function Keys() {
  const { stage, call } = t
  const keys: readonly (readonly [string, string])[] = [
    ['M', call.mute], ['V', stage.camera], ['S', stage.share], ['F', stage.fullScreen],
    [stage.space, stage.hold], [stage.arrows, stage.arrowsWhy], [stage.esc, stage.escKey],
  ]
  return (
    <dl class="keys">
      {keys.map(([key, what]) => (
        <div key={key}>
          <dt>
            <kbd translate={false}>{key}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  )
}

/** The first page of the sheet: what one may want in the middle of a call. */
function Main({ shown, full, pip, go, close }: Omit<MoreProps, 'id'> & { go: (leaf: Leaf) => void; close: () => void }) {
  const { call, preferences } = useApp()
  const chosen = useChosen(shown)
  const valueOf = (kind: Kind): string => {
    const { list, id } = chosen[kind]
    const at = list.findIndex((d) => d.id === id)
    const device = list[at]
    return device === undefined ? t.stage.systemChoice : labelOf(device, at)
  }
  const can = canChange()
  const why = (able: boolean): { help?: string } => (able ? {} : { help: t.stage.notHere })
  const then = (act: () => void) => () => {
    close()
    act()
  }
  return (
    <>
      {shown.canShareScreen && shown.facing !== undefined && shown.camera && chosen.camera.list.length > 1 && <Line icon={SwitchCamera} words={t.stage.swapCamera} onClick={then(() => call.swapCamera())} />}
      {chosen.microphone.list.length > 0 && <Line icon={Mic} words={t.stage.microphone} value={valueOf('microphone')} leads onClick={() => go('microphone')} />}
      {chosen.camera.list.length > 0 && <Line icon={Camera} words={t.stage.cameraChoice} value={valueOf('camera')} leads onClick={() => go('camera')} />}
      {canChooseSpeaker() && chosen.speaker.list.length > 0 && <Line icon={Volume2} words={t.stage.speaker} value={valueOf('speaker')} leads onClick={() => go('speaker')} />}
      <div class="switches">
        <Switch label={t.stage.blur} on={can.blur && preferences.blur.value} disabled={!can.blur} {...why(can.blur)} onTurn={(on) => (preferences.blur.value = on)} />
        <Switch label={t.stage.quietNoise} on={can.quiet && preferences.quietNoise.value} disabled={!can.quiet} {...why(can.quiet)} onTurn={(on) => (preferences.quietNoise.value = on)} />
        <Switch label={t.stage.mirror} on={preferences.mirror.value} onTurn={(on) => (preferences.mirror.value = on)} />
        <Switch label={t.stage.pushToTalk} help={hasKeyboard() ? t.stage.pushToTalkWhy : t.stage.pushToTalkButton} on={preferences.pushToTalk.value} onTurn={(on) => (preferences.pushToTalk.value = on)} />
      </div>
      {full.can && <Line icon={full.on ? Minimize : Maximize} words={full.on ? t.stage.leaveFullScreen : t.stage.fullScreen} onClick={then(full.toggle)} />}
      {pip.can && shown.remote.video && shown.talked && <Line icon={PictureInPicture2} words={t.stage.pictureInPicture} onClick={then(pip.toggle)} />}
      {shown.talked && <Line icon={Info} words={t.stage.details} leads onClick={() => go('details')} />}
      {hasKeyboard() && <Line icon={Keyboard} words={t.stage.keys} leads onClick={() => go('keys')} />}
    </>
  )
}

/** More is the sheet of what one needs now and then. Esc, a press beside it or its cross close it. */
export function More({ id, shown, full, pip }: MoreProps) {
  const { call } = useApp()
  const ref = useRef<HTMLDivElement>(null)
  const back = useRef<Leaf | undefined>(undefined)
  const [open, setOpen] = useState(false)
  const [leaf, setLeaf] = useState<Leaf | undefined>()
  const title = useId()

  useEffect(() => {
    if (open) call.devices.watch()
    else call.devices.stop()
    return () => call.devices.stop()
  }, [open])

  // The focus goes with the page: into the new one, and back to where one came from.
  useLayoutEffect(() => {
    const sheet = ref.current
    if (!open || sheet === null) return
    const came = [...sheet.querySelectorAll<HTMLElement>('.line')].find((line) => back.current !== undefined && line.textContent.startsWith(titleOf(back.current)))
    const first = leaf === undefined ? (came ?? sheet.querySelector<HTMLElement>('h2')) : sheet.querySelector<HTMLElement>('.sheet-head button')
    first?.focus({ preventScroll: leaf !== undefined })
    back.current = leaf
  }, [leaf, open])

  const close = (): void => ref.current?.hidePopover()
  return (
    <div
      class="more"
      id={id}
      ref={ref}
      popover="auto"
      role="dialog"
      aria-labelledby={title}
      onToggle={(e) => {
        const now = e.newState === 'open'
        setOpen(now)
        if (!now) {
          setLeaf(undefined)
          back.current = undefined
        }
      }}
    >
      {open && (
        <>
          <div class="sheet-head">
            {leaf !== undefined && <RoundButton label={t.stage.back} icon={ChevronLeft} onClick={() => setLeaf(undefined)} />}
            <h2 id={title} tabIndex={-1}>
              {titleOf(leaf)}
            </h2>
            <RoundButton label={t.stage.close} icon={X} onClick={close} />
          </div>
          {leaf === undefined && <Main shown={shown} full={full} pip={pip} go={setLeaf} close={close} />}
          {(leaf === 'microphone' || leaf === 'camera' || leaf === 'speaker') && <DeviceList kind={leaf} shown={shown} />}
          {leaf === 'details' && <Details />}
          {leaf === 'keys' && <Keys />}
        </>
      )}
    </div>
  )
}
