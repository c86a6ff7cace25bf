// Every part that screens are made of, in every state, in both sets of colours
// beside each other: the place where the design is judged. Names are those of
// the code; the words in the parts come from the catalogue.

import { useSignal } from '@preact/signals'
import { Ban, CloudOff, Ellipsis, Mic, MicOff, MonitorUp, MonitorX, Moon, Phone, PhoneOff, Plus, Settings, Sun, SunMoon, SwitchCamera, Trash2, UserMinus, Users, Video, VideoOff, WifiOff } from 'lucide-preact'
import { type ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'

import { NewPassword, type Score } from '../state/password.ts'
import { type Theme } from '../state/preferences.ts'
import { t } from '../text/index.ts'
import { Button, Icon, RoundButton, Spinner } from '../ui/button.tsx'
import { type Option, RadioGroup, Segmented, Select } from '../ui/choice.tsx'
import { useApp } from '../ui/context.ts'
import { Confirm, Dialog, Sheet } from '../ui/dialog.tsx'
import { Face } from '../ui/face.tsx'
import { Field, PasswordField, ProblemText, Switch } from '../ui/field.tsx'
import { Handle } from '../ui/handle.tsx'
import { LevelBar } from '../ui/level.tsx'
import { Link } from '../ui/link.tsx'
import { Mark, Wordmark } from '../ui/mark.tsx'
import { Menu } from '../ui/menu.tsx'
import { Meter } from '../ui/meter.tsx'
import { Heading } from '../ui/page.tsx'
import { Qr } from '../ui/qr.tsx'
import { Slider } from '../ui/slider.tsx'
import { Banner, Count, EmptyState, Progress, Row, Skeleton } from '../ui/states.tsx'
import '../style/components.css'
import { Chip, Control } from './call/parts.tsx'
import { Places } from './shell.tsx'

const longName = 'Wilhelmina-Theodora von und zu Hohenstein-Wackerbarth'
const friendName = 'Anna'
const nothing = (): void => undefined

/** Sample shows one part under its name. */
function Sample({ name, children, wide = false }: { name: string; children: ComponentChildren; wide?: boolean }) {
  return (
    <figure class={wide ? 'sample wide' : 'sample'}>
      <figcaption class="quiet small" translate={false} dir="ltr" lang="en">
        {name}
      </figcaption>
      <div class="sample-stand">{children}</div>
    </figure>
  )
}

const kinds = ['primary', 'plain', 'quiet', 'end', 'end-quiet'] as const

function Buttons() {
  return (
    <>
      {kinds.map((kind) => (
        <Sample key={kind} name={`Button ${kind}: ready, with an icon, busy, disabled`}>
          <Button kind={kind}>{t.app.tryAgain}</Button>
          <Button kind={kind} icon={Plus}>
            {t.people.add}
          </Button>
          <Button kind={kind} busy>
            {t.settings.saving}
          </Button>
          <Button kind={kind} disabled>
            {t.settings.save}
          </Button>
        </Sample>
      ))}
      <Sample name="Button wide, long text">
        <Button kind="primary" wide icon={Phone}>
          {t.people.call(longName)}
        </Button>
      </Sample>
      <Sample name="RoundButton: quiet, accent, disabled">
        <RoundButton label={t.app.settings} icon={Settings} />
        <RoundButton label={t.people.videoCall('Anna')} icon={Video} accent />
        <RoundButton label={t.people.call('Anna')} icon={Phone} accent disabled />
      </Sample>
      <Sample name="Menu">
        <Menu
          label={t.people.more('Anna')}
          items={[
            { words: t.people.remove, icon: UserMinus, act: nothing, ends: true },
            { words: t.people.block, icon: Ban, act: nothing, ends: true },
            { words: t.app.settings, icon: Settings, act: nothing },
          ]}
        />
      </Sample>
      <Sample name="Link, Link as a button">
        <p>
          <Link to="/components">{t.app.people}</Link>
        </p>
        <Link to="/components" class="button quiet" icon={Users}>
          <span>{t.app.people}</span>
        </Link>
      </Sample>
    </>
  )
}

function Fields() {
  const name = useSignal('')
  return (
    <>
      <Sample name="Field: empty">
        <Field label={t.settings.name} value={name.value} onType={(v) => (name.value = v)} placeholder={t.people.handleExample} />
      </Sample>
      <Sample name="Field: with help, long text">
        <Field label={t.invite.name} value={longName} onType={nothing} help={t.invite.nameHelp} />
      </Sample>
      <Sample name="Field: wrong">
        <Field label={t.people.handle} value="anna" onType={nothing} problem={t.errors.codes.bad_credentials} plain />
      </Sample>
      <Sample name="Field: to copy from">
        <Field label={t.people.link} value="https://calls.example/invite#k3jd82hs" onType={nothing} readOnly plain />
      </Sample>
      <Sample name="ProblemText">
        <ProblemText>{t.errors.codes.network}</ProblemText>
      </Sample>
    </>
  )
}

const scores: readonly Score[] = [{ score: 0, why: 'topTen' }, { score: 2, why: 'namesByThemselves' }, { score: 4 }]

function Password({ score }: { score: Score | undefined }) {
  const password = useMemo(() => {
    const chosen = new NewPassword(() => [], () => (score === undefined ? new Promise(() => undefined) : Promise.resolve(() => score)))
    chosen.value.value = score === undefined ? '' : 'harbour lantern'.repeat(score.score + 1)
    void chosen.prepare()
    return chosen
  }, [])
  return (
    <PasswordField label={t.password.label} value={password.value.value} onType={(v) => (password.value.value = v)}>
      <Meter password={password} />
    </PasswordField>
  )
}

function Passwords() {
  return (
    <>
      <Sample name="PasswordField, Meter: empty">
        <Password score={undefined} />
      </Sample>
      {scores.map((score) => (
        <Sample key={score.score} name={`PasswordField, Meter: ${score.score} of 4`}>
          <Password score={score} />
        </Sample>
      ))}
      <Sample name="PasswordField: wrong">
        <PasswordField label={t.settings.currentPassword} value="harbour" onType={nothing} problem={t.errors.codes.bad_credentials} />
      </Sample>
    </>
  )
}

function Choices() {
  const on = useSignal(true)
  const theme = useSignal<Theme>('auto')
  const loud = useSignal(0.4)
  const themes: Option<Theme>[] = [
    { value: 'auto', words: t.settings.themeAuto, icon: SunMoon },
    { value: 'light', words: t.settings.themeLight, icon: Sun },
    { value: 'dark', words: t.settings.themeDark, icon: Moon },
  ]
  const ways: Option<Theme>[] = [
    { value: 'auto', words: t.settings.relay, why: t.settings.relayWhy },
    { value: 'light', words: t.settings.talk, why: t.settings.talkWhy },
    { value: 'dark', words: t.settings.themeDark },
  ]
  const pick = (value: Theme): void => void (theme.value = value)
  const words = `${Math.round(loud.value * 100)} %`
  return (
    <>
      <Sample name="Switch: on and off, without help, disabled">
        <div class="grow">
          <Switch label={t.settings.relay} help={t.settings.relayWhy} on={on.value} onTurn={(v) => (on.value = v)} />
          <Switch label={t.settings.talk} on={!on.value} onTurn={(v) => (on.value = !v)} />
          <Switch label={t.settings.talk} on disabled onTurn={nothing} />
        </div>
      </Sample>
      <Sample name="Select: ready, wrong, disabled">
        <Select label={t.settings.theme} value={theme.value} options={themes} onPick={pick} help={t.settings.deviceWhy} />
        <Select label={t.settings.language} value={theme.value} options={themes} onPick={pick} problem={t.settings.languageFailed} />
        <Select label={t.settings.theme} value="dark" options={themes} onPick={nothing} disabled />
      </Sample>
      <Sample name="Segmented: ready, disabled">
        <Segmented label={t.settings.theme} value={theme.value} options={themes} onPick={pick} />
        <Segmented label={t.settings.theme} value="light" options={themes} onPick={nothing} disabled />
      </Sample>
      <Sample name="RadioGroup">
        <RadioGroup label={t.settings.calls} value={theme.value} options={ways} onPick={pick} />
      </Sample>
      <Sample name="Slider: ready, disabled">
        <Slider label={t.settings.notifications} value={loud.value} words={words} onSlide={(v) => (loud.value = v)} />
        <Slider label={t.settings.notifications} value={0.6} words="60 %" onSlide={nothing} disabled />
      </Sample>
    </>
  )
}

function Lists() {
  return (
    <>
      <Sample name="Row: with a face, with long text">
        <div class="grow">
          <Row
            start={<Face account="a1" here />}
            title={friendName}
            under={t.people.online}
            end={<RoundButton label={t.people.call('Anna')} icon={Phone} accent />}
          />
          <Row start={<Face account="b2" />} title={longName} under={t.people.offline} end={<Count n={12} words="12" label={t.people.missed} />} />
        </div>
      </Sample>
      <Sample name="Face: small, plain, here, large, huge, ringing">
        <Face account="c3" size="small-face" />
        <Face account="d4" />
        <Face account="e5" here />
        <Face account="f6" size="large" />
        <Face account="g7" size="huge" rings />
      </Sample>
      <Sample name="Handle: short, long">
        <p class="handle">
          <Handle of="anna.4821" />
        </p>
        <p class="handle">
          <Handle of="anna-maria-magdalena.4821" />
        </p>
      </Sample>
      <Sample name="Count: one, many, none">
        <Count n={1} words="1" label={t.people.missed} />
        <Count n={128} words="128" label={t.people.missed} />
        <Count n={0} words="0" label={t.people.missed} />
      </Sample>
      <Sample name="EmptyState">
        <EmptyState icon={Users} title={t.people.emptyTitle} why={t.people.emptyWhy}>
          <Button kind="primary" icon={Plus}>
            {t.people.add}
          </Button>
        </EmptyState>
      </Sample>
      <Sample name="Skeleton: rows, with faces">
        <Skeleton rows={2} label={t.app.loading} />
        <Skeleton rows={2} face label={t.app.loading} />
      </Sample>
    </>
  )
}

function States() {
  return (
    <>
      <Sample name="Banner: calm, strong, with something to do" wide>
        <Banner icon={CloudOff}>{t.link.reconnecting}</Banner>
        <Banner kind="strong" icon={WifiOff}>
          {t.link.offline}
        </Banner>
        <Banner actions={<Button kind="quiet">{t.link.reload}</Button>}>{t.link.outdated}</Banner>
      </Sample>
      <Sample name="Spinner">
        <Spinner />
        <p class="waits">
          <Spinner />
          <span>{t.app.loading}</span>
        </p>
      </Sample>
      <Sample name="Progress: a part, all, unknown">
        <Progress label={t.app.loading} part={0.4} words="40 %" />
        <Progress label={t.app.loading} part={1} words="100 %" />
        <Progress label={t.app.loading} />
      </Sample>
      <Sample name="Qr">
        <Qr text="https://calls.example/invite#k3jd82hs" label={t.people.qr} />
      </Sample>
      <Sample name="Mark: 16, 24, 28, 64, 128">
        {[16, 24, 28, 64, 128].map((size) => (
          <Mark key={size} size={size} />
        ))}
        <Wordmark />
      </Sample>
      <Sample name="Icon: 18, 20, 24, 32">
        {[18, 20, 24, 32].map((size) => (
          <Icon key={size} of={Phone} size={size} />
        ))}
      </Sample>
    </>
  )
}

/** What stands on the stage of a call, and what leads there. */
function Calls() {
  const { call, stage } = t
  return (
    <>
      <Sample name="Control, ringing: decline, accept">
        <div class="call-sample">
          <Control label={call.decline} word={call.decline} icon={PhoneOff} kind="end" onClick={nothing} />
          <Control label={call.accept} word={call.accept} icon={Phone} kind="call" onClick={nothing} />
        </div>
      </Sample>
      <Sample name="Control, on the stage: as it begins">
        <div class="call-sample">
          <Control label={call.mute} word={call.mute} shortcut="M" icon={Mic} pressed={false} onClick={nothing} />
          <Control label={stage.camera} word={stage.camera} shortcut="V" icon={Video} pressed onClick={nothing} />
          <Control label={stage.share} word={stage.shareWord} shortcut="S" icon={MonitorUp} pressed={false} onClick={nothing} />
          <Control label={stage.more} word={stage.more} icon={Ellipsis} onClick={nothing} />
          <Control label={call.hangUp} word={call.hangUp} icon={PhoneOff} kind="end" onClick={nothing} />
        </div>
      </Sample>
      <Sample name="Control, on the stage: muted, no camera, sharing, a phone’s other camera">
        <div class="call-sample">
          <Control label={call.mute} word={call.mute} icon={MicOff} kind="off" pressed onClick={nothing} />
          <Control label={stage.camera} word={stage.camera} icon={VideoOff} kind="off" pressed={false} onClick={nothing} />
          <Control label={stage.share} word={stage.shareWord} icon={MonitorX} kind="on" pressed onClick={nothing} />
          <Control label={stage.swapCamera} word={stage.swapWord} icon={SwitchCamera} onClick={nothing} />
        </div>
      </Sample>
      <Sample name="Chip: plain, with an icon, strong">
        <div class="call-sample">
          <Chip>{call.theyMuted(longName)}</Chip>
          <Chip icon={MicOff}>{stage.mutedHold}</Chip>
          <Chip icon={MicOff} strong>
            {stage.mutedSpeaking}
          </Chip>
        </div>
      </Sample>
      <Sample name="LevelBar: silent, soft, loud, full">
        <div class="grow levels">
          {[0, 0.2, 0.7, 1].map((level) => (
            <LevelBar key={level} label={t.devices.level} level={level} />
          ))}
        </div>
      </Sample>
      <Sample name="Rail: here, missed calls, elsewhere">
        <div class="rail">
          <Places route="people" missed={0} />
        </div>
        <div class="rail">
          <Places route="calls" missed={3} />
        </div>
        <div class="rail">
          <Places route="settings" missed={128} />
        </div>
      </Sample>
    </>
  )
}

function Floats() {
  const { toasts } = useApp()
  const open = useSignal<'dialog' | 'confirm' | 'sheet' | undefined>(undefined)
  const close = (): void => void (open.value = undefined)
  const filling = <p class="quiet">{t.invite.what}</p>
  return (
    <Sample name="Dialog, Confirm, Sheet, Toast: press to see">
      <Button onClick={() => (open.value = 'dialog')}>{t.people.addTitle}</Button>
      <Button icon={Trash2} onClick={() => (open.value = 'confirm')}>
        {t.confirm.signOut}
      </Button>
      <Button onClick={() => (open.value = 'sheet')}>{t.settings.devices}</Button>
      <Button onClick={() => toasts.done('linkCopied')}>{t.people.copyLink}</Button>
      <Button onClick={() => toasts.done('withdrawn', longName, nothing)}>{t.app.undo}</Button>
      <Button onClick={() => toasts.problem({ code: 'network', fields: [] })}>{t.app.tryAgain}</Button>
      {open.value === 'dialog' && (
        <Dialog title={t.people.addTitle} onClose={close}>
          {filling}
        </Dialog>
      )}
      {open.value === 'sheet' && (
        <Sheet title={t.settings.devices} onClose={close}>
          {filling}
        </Sheet>
      )}
      {open.value === 'confirm' && <Confirm title={t.confirm.signOutTitle} why={t.confirm.signOutWhy} action={t.confirm.signOut} onConfirm={close} onClose={close} />}
    </Sample>
  )
}

const groups: readonly (readonly [string, () => preact.JSX.Element])[] = [
  ['Buttons', Buttons],
  ['Fields', Fields],
  ['Passwords', Passwords],
  ['Choices', Choices],
  ['Lists', Lists],
  ['States', States],
  ['Calls and places', Calls],
  ['What floats', Floats],
]

const roles = ['surface', 'surface-raised', 'surface-sunken', 'text', 'text-quiet', 'line', 'edge', 'accent', 'accent-soft', 'call', 'end', 'here', 'focus', 'stage'] as const

function Colours() {
  return (
    <ul class="colours">
      {roles.map((role) => (
        <li key={role} class="small">
          <span class={`colour is-${role}`} />
          <span translate={false} dir="ltr" lang="en">
            {role}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** Components is the page of all of them. */
export function Components() {
  return (
    <main id="content" class="components" tabIndex={-1}>
      <Heading>{t.app.name}</Heading>
      <div class="components-sets">
        {(['light', 'dark'] as const).map((theme) => (
          <section key={theme} class="components-set" data-theme={theme} aria-label={theme === 'light' ? t.settings.themeLight : t.settings.themeDark}>
            <Colours />
            {groups.map(([name, Group]) => (
              <div key={name} class="components-group">
                <h2 translate={false} lang="en" dir="ltr">
                  {name}
                </h2>
                <Group />
              </div>
            ))}
          </section>
        ))}
      </div>
    </main>
  )
}
