import { computed, signal } from '@preact/signals'
import { type AccountId, type Call as SdkCall, type CallElsewhere } from '@ringfence/sdk'

import { CallDevices, type Machine } from './call-devices.ts'
import { Notes } from './call-notes.ts'
import { DetailsWatch, QualityWord } from './call-quality.ts'
import { MutedVoice, PushToTalk } from './call-talk.ts'
import { type People } from './people.ts'
import { CallWaiting } from './call-waiting.ts'
import { type Call, type Calls } from './ports.ts'
import { type Preferences } from './preferences.ts'
import { type DeviceTrouble, type Problem, problem } from './problem.ts'

export type CallState = SdkCall['state']
export type EndReason = NonNullable<SdkCall['endReason']>

/** Trouble is a camera or microphone that is not to be had, and whether the call waits for it. */
export interface Trouble {
  readonly problem: Problem
  readonly device: 'microphone' | 'camera'
  readonly blocking: boolean
}

/** CallShown is a call as the screen shows it, at one moment. */
export interface CallShown {
  readonly id: string
  readonly peer: AccountId
  readonly incoming: boolean
  readonly video: boolean
  readonly state: CallState
  readonly ringing: boolean
  /** Accept was pressed; camera and microphone may still be asked for. */
  readonly answering: boolean
  readonly trouble: Trouble | undefined
  readonly localStream: MediaStream | undefined
  readonly remoteStream: MediaStream | undefined
  readonly muted: boolean
  readonly camera: boolean
  /** One's own screen is sent in the camera's place. */
  readonly screen: boolean
  readonly canShareScreen: boolean
  /** One's own picture is held back: the network has room for the sound alone. */
  readonly held: boolean
  /** Which way the camera of a phone looks. */
  readonly facing: 'user' | 'environment' | undefined
  readonly using: { readonly microphone?: string; readonly camera?: string }
  readonly remote: { readonly audio: boolean; readonly video: boolean; readonly screen: boolean; readonly held: boolean }
  readonly away: boolean
  readonly path: 'direct' | 'relayed' | undefined
  readonly talked: boolean
  readonly end: EndReason | undefined
  readonly endedByUs: boolean
  /** It rang here, and nobody took it. */
  readonly missed: boolean
}

/** Tools are what of this device a call is used with. */
export interface Tools {
  /** Says that this browser can't have calls. */
  readonly cannot?: () => void
  readonly machine?: Machine
  readonly preferences?: Preferences
}

const troubles: Readonly<Record<NonNullable<SdkCall['problem']>['kind'], DeviceTrouble>> = {
  no_camera: 'camera_missing',
  no_microphone: 'microphone_missing',
  denied: 'media_denied',
  in_use: 'media_in_use',
  insecure: 'media_insecure',
  effect: 'effect_failed',
  unknown: 'media_failed',
}

/** How long an end screen that needs no decision stays. */
const endShown = 5_000

/** CallRoom shows the one call that there is, and its end. */
export class CallRoom {
  readonly shown = signal<CallShown | undefined>(undefined)
  /** Seconds that the two have talked. */
  readonly seconds = signal(0)
  /** What there is to say about the connection, if anything. */
  readonly quality = new QualityWord()
  /** What has just happened to a device, for a moment. */
  readonly notes = new Notes()
  readonly voice = new MutedVoice()
  readonly talk = new PushToTalk({
    muted: () => this.#call?.muted ?? false,
    setMuted: (on) => this.#call?.setMuted(on),
  })
  readonly details = new DetailsWatch(() => this.#call?.stats() ?? Promise.resolve(undefined))
  readonly devices: CallDevices
  /** Who calls meanwhile. */
  readonly waiting: CallWaiting
  /** What goes on on another device. */
  readonly elsewhere = signal<CallElsewhere | undefined>(undefined)
  readonly #calls: Calls
  readonly #cannot: (() => void) | undefined
  readonly #people: People
  readonly #preferences: Preferences | undefined
  readonly #names = new Map<string, string>()
  #call: Call | undefined
  /** The trouble that the person has read, and wants to see no more. */
  #read: string | undefined
  #stop: (() => void) | undefined
  #clock: ReturnType<typeof setInterval> | undefined
  #closing: ReturnType<typeof setTimeout> | undefined

  constructor(calls: Calls, people: People, { machine, preferences, cannot }: Tools = {}) {
    this.#calls = calls
    this.#cannot = cannot
    this.#people = people
    this.#preferences = preferences
    this.devices = new CallDevices(machine)
    this.waiting = new CallWaiting(calls, people)
    calls.on('elsewhere', () => (this.elsewhere.value = calls.elsewhere.at(-1)))
    calls.on('change', (call) => this.#take(call))
    preferences?.pushToTalk.subscribe((startMuted) => {
      calls.settings = { ...calls.settings, startMuted }
    })
  }

  /** What to call the other one; kept, should the friendship end meanwhile. */
  readonly name = computed(() => {
    const peer = this.shown.value?.peer
    if (peer === undefined) return ''
    const name = this.#people.friend(peer)?.displayName
    if (name !== undefined) this.#names.set(peer, name)
    return name ?? this.#names.get(peer) ?? ''
  })

  /** Whether the other one is here now: worth a word on the screen of a call that found nobody. */
  readonly here = computed(() => {
    const peer = this.shown.value?.peer
    return peer !== undefined && this.#people.friend(peer)?.online === true
  })

  /** A call is under way, and not only its end shown. */
  readonly running = computed(() => this.shown.value !== undefined && this.shown.value.state !== 'ended')

  start(account: AccountId, video: boolean, name?: string): void {
    if (this.running.value || this.#hopeless()) return
    if (name !== undefined) this.#names.set(account, name)
    this.#take(this.#calls.start(account, { video }))
  }

  /** Has the call go on here that one has on another device. */
  bring(): void {
    const there = this.elsewhere.peek()
    if (there === undefined || this.running.value || this.#hopeless()) return
    this.#take(this.#calls.bring(there.id))
  }

  answer(video: boolean): void {
    if (this.#hopeless()) return
    void this.#call?.answer({ video })
  }

  /** Whether this browser has no calls at all; says so. */
  #hopeless(): boolean {
    if (this.#calls.possible) return false
    this.#cannot?.()
    return true
  }

  decline(): void {
    this.#call?.decline()
  }

  hangUp(): void {
    this.#call?.hangUp()
  }

  toggleMute(): void {
    this.talk.forget()
    this.#call?.setMuted(!this.#call.muted)
  }

  toggleCamera(): void {
    this.#read = undefined
    void this.#call?.setCamera(!this.#call.camera)
  }

  /** Shows one's screen in the camera's place, or ends that. Whoever changes their mind in the browser's own question has said enough. */
  toggleScreen(): void {
    const call = this.#call
    call?.setScreen(!call.screen).catch(() => this.notes.say({ kind: 'share_failed' }))
  }

  /** Changes to the other camera of a phone. */
  swapCamera(): void {
    this.#call?.swapCamera().catch(() => this.notes.say({ kind: 'swap_failed' }))
  }

  chooseMicrophone(id: string): void {
    this.#read = undefined
    if (this.#preferences) this.#preferences.microphone.value = id
    void this.#call?.setMicrophoneDevice(id)
  }

  chooseCamera(id: string): void {
    this.#read = undefined
    if (this.#preferences) this.#preferences.camera.value = id
    void this.#call?.setCameraDevice(id)
  }

  /** Tries camera and microphone again. */
  retry(): void {
    this.#read = undefined
    void this.#call?.retry()
  }

  /** Puts away what is said about a device, where the call goes on anyway: until the device is tried again, or something else is wrong. */
  closeTrouble(): void {
    const problem = this.#call?.problem
    if (problem === undefined || problem.blocking) return
    this.#read = keyOf(problem)
    this.#look()
  }

  /** Goes on without the device that is missing. */
  goOn(): void {
    void this.#call?.goOn()
  }

  /** Calls once more, with a picture if there was one and nothing else is said. */
  again(video?: boolean): void {
    const last = this.shown.value
    if (last?.state !== 'ended') return
    this.close()
    this.start(last.peer, video ?? last.video)
  }

  /** Leaves the end screen. */
  close(): void {
    if (this.running.value) return
    clearTimeout(this.#closing)
    this.#forget()
    this.shown.value = undefined
  }

  /** Nobody is signed in any more: whose call it was, and what they are called, is gone with them. */
  leave(): void {
    this.close()
    this.#names.clear()
  }

  #take(call: Call | undefined): void {
    if (call === undefined) {
      this.#look()
      return
    }
    if (call === this.#call) return
    clearTimeout(this.#closing)
    this.#forget()
    this.#call = call
    this.seconds.value = 0
    const hears = [
      call.on('change', () => this.#look()),
      call.on('device', (event) => this.notes.say({ kind: 'device', ...event })),
    ]
    this.#stop = () => hears.forEach((unhear) => unhear())
    this.#look()
  }

  #forget(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#call = undefined
    this.#read = undefined
    clearInterval(this.#clock)
    this.#clock = undefined
    this.#quiet()
  }

  /** Ends what only a running call says and watches. */
  #quiet(): void {
    this.talk.forget()
    this.quality.clear()
    this.voice.stop()
    this.notes.clear()
    this.details.stop()
    this.devices.stop()
  }

  #look(): void {
    const call = this.#call
    if (call === undefined) return
    if (this.#read !== keyOf(call.problem)) this.#read = undefined
    const shown = snapshot(call)
    this.shown.value = this.#read === undefined ? shown : { ...shown, trouble: undefined }
    this.#tick(call)
    if (call.state === 'ended') this.#afterEnd(this.shown.value)
  }

  #tick(call: Call): void {
    const runs = call.connectedAt !== undefined && call.state !== 'ended'
    if (call.connectedAt !== undefined) this.seconds.value = Math.floor(call.duration())
    if (runs) this.#clock ??= setInterval(() => this.#second(call), 500)
    else {
      clearInterval(this.#clock)
      this.#clock = undefined
    }
  }

  /** The clock looks twice a second, so as to miss none; the connection is looked at once in each. */
  #second(call: Call): void {
    const now = Math.floor(call.duration())
    if (now !== this.seconds.value && call.state === 'connected') this.quality.take(call.quality)
    this.seconds.value = now
  }

  /** What the person did or decided needs no screen; what happened to them does. */
  #afterEnd(call: CallShown): void {
    clearTimeout(this.#closing)
    this.#quiet()
    const chosen = !call.talked && ((call.endedByUs && call.end === 'cancelled') || (call.incoming && call.end === 'declined'))
    if (chosen) this.close()
    else if (call.missed) return
    else if (call.end === 'hangup' || call.end === 'answered_elsewhere' || call.end === 'moved') this.#closing = setTimeout(() => this.close(), endShown)
  }
}

/** Ends of a ring that nobody answered. Declined on another device of one's own is an answer. */
const missedEnds: ReadonlySet<EndReason | undefined> = new Set<EndReason>(['cancelled', 'no_answer', 'offline', 'hangup', 'lost', 'stopped'])

/** keyOf tells one trouble from another. */
const keyOf = (p: Call['problem']): string | undefined => p && `${p.device} ${p.kind} ${p.blocking}`

/** snapshot is a call as it is now. */
export function snapshot(call: Call): CallShown {
  const p = call.problem
  const { remote } = call
  const incoming = call.direction === 'incoming'
  const talked = call.connectedAt !== undefined
  return {
    id: call.id,
    peer: call.peer,
    incoming,
    video: call.video,
    state: call.state,
    ringing: call.ringing,
    answering: call.answering,
    trouble: p && { problem: problem(troubles[p.kind]), device: p.device, blocking: p.blocking },
    localStream: call.localStream,
    remoteStream: call.remoteStream,
    muted: call.muted,
    camera: call.camera,
    screen: call.screen,
    canShareScreen: call.canShareScreen,
    held: call.held,
    facing: call.facing,
    using: call.using,
    remote: { audio: remote.audio, video: remote.video, screen: remote.screen ?? false, held: remote.held ?? false },
    away: call.remoteAway,
    path: call.path,
    talked,
    end: call.endReason,
    endedByUs: call.endedByUs,
    missed: incoming && !talked && !call.endedByUs && missedEnds.has(call.endReason),
  }
}
