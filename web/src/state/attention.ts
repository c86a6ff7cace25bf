import { computed, effect, signal } from '@preact/signals'

import { type CallRoom, type CallShown } from './call.ts'
import { type Notices } from './notices.ts'
import { type People } from './people.ts'
import { type Preferences } from './preferences.ts'
import { type Session } from './session.ts'
import { type Permission, type Surroundings } from './surroundings.ts'

interface Parts {
  readonly call: CallRoom
  readonly people: People
  readonly notices: Notices
  readonly preferences: Preferences
  readonly session: Session
  /** Goes to a friend's place. */
  readonly open: (account: string) => void
}

/** Phase is what a call asks for: somebody calls, ours rings over there, it runs. */
type Phase = 'none' | 'ring' | 'ringback' | 'run'

function phaseOf(shown: CallShown | undefined): Phase {
  if (shown === undefined || shown.state === 'ended') return 'none'
  if (shown.state === 'incoming') return shown.answering ? 'run' : 'ring'
  return shown.state === 'outgoing' && shown.ringing ? 'ringback' : 'run'
}

/**
 * Attention draws the person's attention to a call: by sound, by a notification
 * while the page is hidden, by the tab's title; and keeps the device awake and
 * its keys at hand while one talks. Of several tabs one alone rings.
 */
export class Attention {
  /** What the person said about notifications. */
  readonly permission = signal<Permission>('missing')
  readonly #parts: Parts
  readonly #around: Surroundings
  readonly #visible = signal(true)
  /** Whether this tab is the one that rings. */
  readonly #mine = signal(false)
  #last: CallShown | undefined
  #shownCall: string | undefined
  /** The call that rang in this tab, and in no other. */
  #rang: string | undefined

  constructor(parts: Parts, around: Surroundings) {
    this.#parts = parts
    this.#around = around
    this.permission.value = around.notifier.permission()
    this.#visible.value = around.visible()
    around.onVisible(() => {
      this.#visible.value = around.visible()
      this.permission.value = around.notifier.permission()
    })
    around.notifier.onWanted((wanted) => {
      const shown = parts.call.shown.value
      const waits = parts.call.waiting.shown.value
      if (wanted.action === 'open') {
        if (wanted.account !== undefined) parts.open(wanted.account)
      } else if (shown?.id === wanted.call && shown?.state === 'incoming') {
        if (wanted.action === 'accept') parts.call.answer(shown.video)
        else parts.call.decline()
      } else if (waits?.id === wanted.call && waits !== undefined) {
        if (wanted.action === 'accept') parts.call.waiting.switchTo(shown?.camera === true)
        else parts.call.waiting.decline()
      }
    })
    this.#watchSounds()
    this.#watchRinging()
    this.#watchCall()
    this.#watchBadge()
  }

  readonly #phase = computed(() => phaseOf(this.#parts.call.shown.value))
  /** This tab rings now. */
  readonly ringing = computed(() => this.#phase.value === 'ring' && this.#mine.value)
  /** Notifications are wanted, and the browser lets them be. */
  readonly notifies = computed(() => this.#parts.preferences.notifications.value && this.permission.value === 'granted')

  /** Turns notifications on, which may ask the person, or off. */
  async setNotifications(on: boolean): Promise<void> {
    const { notifications } = this.#parts.preferences
    if (on && this.permission.value === 'default') this.permission.value = await this.#around.notifier.ask()
    notifications.value = on && this.permission.value === 'granted'
    if (!on) this.#around.notifier.clear()
  }

  /** Plays a short tune, as loud as calls ring and from the chosen speaker. */
  test(): void {
    this.#around.sounds.play('test')
  }

  #watchSounds(): void {
    const parts = this.#parts
    const { preferences } = parts
    const { sounds } = this.#around
    effect(() => sounds.setVolume(preferences.volume.value))
    effect(() => sounds.setSpeaker(preferences.speaker.value))
    effect(() => {
      const knock = parts.call.waiting.shown.value === undefined ? undefined : 'knock'
      const wanted = this.ringing.value ? 'ring' : (knock ?? (this.#phase.value === 'ringback' ? 'ringback' : undefined))
      if (wanted !== undefined && preferences.sounds.value) sounds.loop(wanted)
      else sounds.quiet()
    })
  }

  #watchRinging(): void {
    const around = this.#around
    effect(() => {
      if (this.#phase.value !== 'ring') return undefined
      const giveUp = around.contend((mine) => {
        this.#mine.value = mine
        this.#rang = mine ? this.#parts.call.shown.peek()?.id : undefined
      })
      return () => {
        giveUp()
        this.#mine.value = false
      }
    })
    effect(() => {
      around.flash(this.#phase.value === 'ring')
      around.vibrate(this.ringing.value)
    })
    effect(() => {
      const shown = this.#parts.call.shown.value
      const waits = this.#parts.call.waiting.shown.value
      const rings = this.ringing.value ? shown : waits
      const wanted = !this.#visible.value && this.notifies.value ? rings?.id : undefined
      if (wanted === this.#shownCall) return
      if (this.#shownCall !== undefined) around.notifier.endCall(this.#shownCall)
      this.#shownCall = wanted
      if (wanted !== undefined) around.notifier.call({ id: wanted, name: this.#name(rings === waits), video: rings?.video === true })
    })
  }

  #name(waiting = false): string | undefined {
    const { preferences, call } = this.#parts
    return preferences.notifyNames.value ? (waiting ? call.waiting : call).name.value : undefined
  }

  #watchCall(): void {
    const { call } = this.#parts
    const around = this.#around
    effect(() => {
      const shown = call.shown.value
      const runs = this.#phase.value === 'run' || this.#phase.value === 'ringback'
      around.awake(runs)
      around.holdPage(runs) // a ring goes on elsewhere; a call would end for both
      around.inCall(runs || this.#phase.value === 'ring')
      around.talk(runs && shown ? { name: this.#name() ?? '', muted: shown.muted, camera: shown.camera } : undefined, {
        microphone: () => call.toggleMute(),
        camera: () => call.toggleCamera(),
        hangUp: () => call.hangUp(),
      })
    })
    effect(() => {
      const shown = call.shown.value
      this.#tell(this.#last, shown)
      this.#last = shown
    })
  }

  /** What becomes of a call is heard once. */
  #tell(before: CallShown | undefined, now: CallShown | undefined): void {
    if (before === undefined || before.state === 'ended') return
    const { preferences, call } = this.#parts
    const same = now?.id === before.id ? now : undefined
    if (same?.talked === true && !before.talked) this.#play('connect')
    if (same !== undefined && same.state !== 'ended') return
    if (before.state !== 'incoming') this.#play('end')
    else if (this.#rang === before.id && same?.missed === true && !this.#visible.peek() && this.notifies.peek()) {
      const name = preferences.notifyNames.peek() ? call.name.peek() : undefined
      this.#around.notifier.missed({ account: before.peer, name, video: before.video })
    }
  }

  #play(name: 'connect' | 'end'): void {
    if (this.#parts.preferences.sounds.peek()) this.#around.sounds.play(name)
  }

  #watchBadge(): void {
    const { notices, people, session } = this.#parts
    const waiting = computed(() => (notices.list.value?.length ?? 0) + (people.lists.value?.incoming.length ?? 0))
    effect(() => this.#around.badge(waiting.value))
    effect(() => {
      if (session.standing.value === 'out') this.#around.notifier.clear()
    })
  }
}
