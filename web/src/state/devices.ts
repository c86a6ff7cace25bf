import { computed, effect, signal, untracked } from '@preact/signals'
import { type Device, type Devices as Listed, type Effects } from '@ringfence/sdk'

import { type Calls, type DeviceList, type Preview } from './ports.ts'
import { type Preferences } from './preferences.ts'
import { deviceTroubles, type DeviceTrouble } from './problem.ts'

/** Kind is what one chooses a device for. */
export type Kind = 'microphone' | 'camera' | 'speaker'

/** Choice is one device to choose; without a label it is known by its number alone. */
export interface Choice {
  readonly id: string
  readonly label: string
  readonly number: number
  /** It was chosen before and isn't plugged in now. */
  readonly gone?: boolean
}

/** Looking is how far the look at oneself is. */
export type Looking = 'off' | 'asking' | 'on'

/** Chime plays a short sound on a loudspeaker, the system's own where id is empty. */
export type Chime = (speaker: string) => Promise<void>

/** SpeakerTest is how far the test of the loudspeaker is. */
export type SpeakerTest = 'idle' | 'playing' | 'asks' | 'heard' | 'unheard' | 'failed'

/** These names of Chromium's mean "what the system uses", which is a choice of its own here. */
const systems = new Set(['', 'default', 'communications'])

const lists = { microphone: 'microphones', camera: 'cameras', speaker: 'speakers' } as const

/** What the sight of a device can mend. */
const missing: ReadonlySet<DeviceTrouble | undefined> = new Set<DeviceTrouble>(['camera_missing', 'microphone_missing'])

/**
 * DeviceRoom knows this machine's microphones, cameras and loudspeakers, keeps
 * which ones are liked, and lets one look at and hear oneself before a call.
 * It opens nothing before it is told to, and closes it when a call begins.
 */
export class DeviceRoom {
  readonly #machine: DeviceList
  readonly #preferences: Preferences
  readonly #chime: Chime
  readonly #effects: () => Effects
  readonly #all = signal<Listed>({ microphones: [], cameras: [], speakers: [] })
  #preview: Preview | undefined
  #stop: (() => void) | undefined

  readonly looking = signal<Looking>('off')
  /** What would be sent now. */
  readonly stream = signal<MediaStream | undefined>(undefined)
  readonly problem = signal<DeviceTrouble | undefined>(undefined)
  /** The microphone has heard something. */
  readonly heard = signal(false)
  readonly speakerTest = signal<SpeakerTest>('idle')

  constructor(machine: DeviceList, calls: Calls, preferences: Preferences, effects: (p: Preferences) => Effects, chime: Chime) {
    this.#machine = machine
    this.#preferences = preferences
    this.#chime = chime
    this.#effects = () => effects(preferences)
    effect(() => {
      const { microphone, camera } = preferences
      calls.settings = { ...calls.settings, microphone: microphone.value || undefined, camera: camera.value || undefined }
    })
    effect(() => {
      const wanted = this.#effects()
      calls.settings = { ...calls.settings, effects: wanted }
      void calls.current?.setEffects(wanted)
      // Without the effect that failed there is a picture again.
      if (this.problem.peek() === 'effect_failed') untracked(() => this.open())
      else void this.#preview?.setEffects(wanted)
    })
    calls.on('change', (call) => {
      if (call !== undefined) this.close()
    })
  }

  /** What there is to choose from. */
  readonly microphones = computed(() => this.#choices('microphone'))
  readonly cameras = computed(() => this.#choices('camera'))
  readonly speakers = computed(() => this.#choices('speaker'))

  /** Follows what is plugged in and out, until the function that it returns is called. */
  watch(): () => void {
    void this.#list()
    return this.#machine.watchDevices(() => void this.#plugged())
  }

  /** Opens camera and microphone; the browser may ask the person. */
  open(): void {
    this.close()
    const { microphone, camera } = this.#preferences
    this.looking.value = 'asking'
    const preview = this.#machine.preview({
      video: true,
      microphone: microphone.value || undefined,
      camera: camera.value || undefined,
      effects: this.#effects(),
    })
    this.#preview = preview
    this.#stop = preview.on('change', () => this.#look())
  }

  /** Closes them: the light of the camera goes out. */
  close(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#preview?.close()
    this.#preview = undefined
    this.looking.value = 'off'
    this.stream.value = undefined
    this.problem.value = undefined
    this.heard.value = false
  }

  /** Leaves the screen: nothing stays open, no question stays asked. */
  leave(): void {
    this.close()
    this.speakerTest.value = 'idle'
  }

  /** Tries again what could not be had. */
  retry(): void {
    if (this.stream.value === undefined || this.problem.value === 'effect_failed') this.open()
    else void this.#preview?.retry()
  }

  choose(kind: Kind, id: string): void {
    this.#preferences[kind].value = id
    if (kind === 'speaker') {
      this.speakerTest.value = 'idle'
      return
    }
    if (kind === 'microphone') this.heard.value = false
    void this.#preview?.choose({ [kind]: id })
  }

  /** The microphone was heard: said once, and then it is known. */
  hears(): void {
    this.heard.value = true
  }

  async playSound(): Promise<void> {
    if (this.speakerTest.value === 'playing') return
    this.speakerTest.value = 'playing'
    try {
      await this.#chime(this.#preferences.speaker.value)
      this.#tested('asks')
    } catch {
      this.#tested('failed')
    }
  }

  answer(heard: boolean): void {
    this.speakerTest.value = heard ? 'heard' : 'unheard'
  }

  /** The person may have left, or chosen another loudspeaker, while it played. */
  #tested(now: SpeakerTest): void {
    if (this.speakerTest.value === 'playing') this.speakerTest.value = now
  }

  #choices(kind: Kind): readonly Choice[] {
    const found = this.#all.value[lists[kind]].filter((d: Device) => !systems.has(d.id))
    const choices: Choice[] = found.map((d, i) => ({ id: d.id, label: d.label, number: i + 1 }))
    const liked = this.#preferences[kind].value
    // Before the person has allowed anything browsers list no ids: what was chosen may well be there.
    const known = found.length > 0 || this.looking.value === 'on'
    if (liked !== '' && known && !choices.some((c) => c.id === liked)) choices.push({ id: liked, label: '', number: 0, gone: true })
    return choices
  }

  async #list(): Promise<void> {
    try {
      this.#all.value = await this.#machine.devices()
    } catch {
      // the list stays as it was
    }
  }

  async #plugged(): Promise<void> {
    await this.#list()
    if (missing.has(this.problem.value)) void this.#preview?.retry()
  }

  #look(): void {
    const preview = this.#preview
    if (preview === undefined) return
    const { stream, problem } = preview
    const began = this.looking.value === 'asking' && (stream !== undefined || problem !== undefined)
    this.problem.value = problem && deviceTroubles[problem.kind]
    this.stream.value = stream
    if (!began) return
    this.looking.value = 'on'
    void this.#list() // now with names
  }
}
