import { computed, signal } from '@preact/signals'
import { type AccountId, type Call as SdkCall } from '@ringfence/sdk'

import { type People } from './people.ts'
import { type Call, type Calls } from './ports.ts'
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
  readonly trouble: Trouble | undefined
  readonly localStream: MediaStream | undefined
  readonly remoteStream: MediaStream | undefined
  readonly muted: boolean
  readonly camera: boolean
  readonly remote: { readonly audio: boolean; readonly video: boolean }
  readonly away: boolean
  readonly path: 'direct' | 'relayed' | undefined
  readonly talked: boolean
  readonly end: EndReason | undefined
  readonly endedByUs: boolean
}

const troubles: Readonly<Record<NonNullable<SdkCall['problem']>['kind'], DeviceTrouble>> = {
  no_camera: 'camera_missing',
  no_microphone: 'microphone_missing',
  denied: 'media_denied',
  in_use: 'media_in_use',
  insecure: 'media_insecure',
  effect: 'media_failed',
  unknown: 'media_failed',
}

/** How long an end screen that needs no decision stays. */
const endShown = 5_000

/** CallRoom shows the one call that there is, and its end. */
export class CallRoom {
  readonly shown = signal<CallShown | undefined>(undefined)
  /** Seconds that the two have talked. */
  readonly seconds = signal(0)
  readonly #calls: Calls
  readonly #people: People
  readonly #names = new Map<string, string>()
  #call: Call | undefined
  #stop: (() => void) | undefined
  #clock: ReturnType<typeof setInterval> | undefined
  #closing: ReturnType<typeof setTimeout> | undefined

  constructor(calls: Calls, people: People) {
    this.#calls = calls
    this.#people = people
    calls.on('change', (call) => this.#take(call))
  }

  /** What to call the other one; kept, should the friendship end meanwhile. */
  readonly name = computed(() => {
    const peer = this.shown.value?.peer
    if (peer === undefined) return ''
    const name = this.#people.friend(peer)?.displayName
    if (name !== undefined) this.#names.set(peer, name)
    return name ?? this.#names.get(peer) ?? ''
  })

  /** A call is under way, and not only its end shown. */
  readonly running = computed(() => this.shown.value !== undefined && this.shown.value.state !== 'ended')

  start(account: AccountId, video: boolean, name?: string): void {
    if (this.running.value) return
    if (name !== undefined) this.#names.set(account, name)
    this.#take(this.#calls.start(account, { video }))
  }

  answer(video: boolean): void {
    void this.#call?.answer({ video })
  }

  decline(): void {
    this.#call?.decline()
  }

  hangUp(): void {
    this.#call?.hangUp()
  }

  toggleMute(): void {
    this.#call?.setMuted(!this.#call.muted)
  }

  toggleCamera(): void {
    void this.#call?.setCamera(!this.#call.camera)
  }

  /** Tries camera and microphone again. */
  retry(): void {
    void this.#call?.retry()
  }

  /** Goes on without the device that is missing. */
  goOn(): void {
    void this.#call?.goOn()
  }

  again(): void {
    const last = this.shown.value
    if (last?.state !== 'ended') return
    this.close()
    this.start(last.peer, last.video)
  }

  /** Leaves the end screen. */
  close(): void {
    if (this.running.value) return
    clearTimeout(this.#closing)
    this.#forget()
    this.shown.value = undefined
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
    this.#stop = call.on('change', () => this.#look())
    this.#look()
  }

  #forget(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#call = undefined
    clearInterval(this.#clock)
    this.#clock = undefined
  }

  #look(): void {
    const call = this.#call
    if (call === undefined) return
    this.shown.value = snapshot(call)
    this.#tick(call)
    if (call.state === 'ended') this.#afterEnd(this.shown.value)
  }

  #tick(call: Call): void {
    const runs = call.connectedAt !== undefined && call.state !== 'ended'
    if (call.connectedAt !== undefined) this.seconds.value = Math.floor(call.duration())
    if (runs) this.#clock ??= setInterval(() => (this.seconds.value = Math.floor(call.duration())), 500)
    else {
      clearInterval(this.#clock)
      this.#clock = undefined
    }
  }

  /** What the person did or decided needs no screen; what happened to them does. */
  #afterEnd(call: CallShown): void {
    clearTimeout(this.#closing)
    const chosen = call.endedByUs && !call.talked && (call.end === 'cancelled' || call.end === 'declined')
    const missed = call.incoming && !call.talked && missedEnds.has(call.end)
    if (chosen || missed) this.close()
    else if (call.end === 'hangup' || call.end === 'answered_elsewhere') this.#closing = setTimeout(() => this.close(), endShown)
  }
}

/** Ends of a ring that nobody here answered: a notice tells of it. */
const missedEnds: ReadonlySet<EndReason | undefined> = new Set<EndReason>(['cancelled', 'declined', 'no_answer', 'offline', 'hangup', 'lost', 'stopped'])

function snapshot(call: Call): CallShown {
  const p = call.problem
  return {
    id: call.id,
    peer: call.peer,
    incoming: call.direction === 'incoming',
    video: call.video,
    state: call.state,
    ringing: call.ringing,
    trouble: p && { problem: problem(troubles[p.kind]), device: p.device, blocking: p.blocking },
    localStream: call.localStream,
    remoteStream: call.remoteStream,
    muted: call.muted,
    camera: call.camera,
    remote: call.remote,
    away: call.remoteAway,
    path: call.path,
    talked: call.connectedAt !== undefined,
    end: call.endReason,
    endedByUs: call.endedByUs,
  }
}
