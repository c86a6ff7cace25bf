// A device that does what it is told, and remembers what was asked of it. Only
// tests import this.

import { noSurroundings, type Permission, type Surroundings, type Talk, type TalkActions, type Wanted } from '../state/surroundings.ts'

export interface FakeSurroundings extends Surroundings {
  /** What was asked, in order. */
  readonly asked: string[]
  readonly take: (asked?: string[]) => string[]
  permission: Permission
  free: boolean
  see: (visible: boolean) => void
  want: (wanted: Wanted) => void
  tell: (what: 'ready' | 'taken' | 'broken' | 'due') => void
  offer: (install: (() => Promise<boolean>) | undefined) => void
  /** Whether this tab may ring; undefined while it doesn't contend. */
  ring: ((mine: boolean) => void) | undefined
  mine: boolean
  talks: Talk | undefined
  keys: TalkActions | undefined
}

export function fakeSurroundings(): FakeSurroundings {
  const asked: string[] = []
  let visible = true
  const seers: (() => void)[] = []
  let wanted: (w: Wanted) => void = () => undefined
  let offered: (install: (() => Promise<boolean>) | undefined) => void = () => undefined
  const told: Record<string, () => void> = {}
  const say = (...words: unknown[]): void => void asked.push(words.join(' '))
  const fake: FakeSurroundings = {
    ...noSurroundings,
    asked,
    take: () => asked.splice(0),
    permission: 'granted',
    free: true,
    mine: true,
    ring: undefined,
    talks: undefined,
    keys: undefined,
    see: (on) => {
      visible = on
      for (const fn of seers) fn()
    },
    want: (w) => wanted(w),
    tell: (what) => told[what]?.(),
    offer: (install) => offered(install),
    visible: () => visible,
    onVisible: (fn) => void seers.push(fn),
    sounds: {
      loop: (name) => say('loop', name),
      quiet: () => say('quiet'),
      play: (name) => say('play', name),
      setVolume: (v) => say('volume', v),
      setSpeaker: (id) => say('speaker', id),
    },
    notifier: {
      permission: () => fake.permission,
      ask: () => Promise.resolve(fake.permission === 'default' ? (fake.permission = 'granted') : fake.permission),
      call: ({ id, name, video }) => say('show', id, name ?? 'nameless', video ? 'video' : 'voice'),
      endCall: (id) => say('close', id),
      missed: ({ account, name }) => say('missed', account, name ?? 'nameless'),
      clear: () => say('clear'),
      onWanted: (fn) => (wanted = fn),
    },
    updates: {
      onReady: (fn) => (told['ready'] = fn),
      onTaken: (fn) => (told['taken'] = fn),
      onBroken: (fn) => (told['broken'] = fn),
      onDue: (fn) => (told['due'] = fn),
      check: () => say('check'),
      take: () => {
        say('take')
        return Promise.resolve(fake.free)
      },
      forget: () => {
        say('forget')
        return Promise.resolve()
      },
    },
    installs: { installed: false, byHand: false, onOffer: (fn) => (offered = fn) },
    contend: (fn) => {
      fake.ring = fn
      fn(fake.mine)
      return () => (fake.ring = undefined)
    },
    badge: (n) => say('badge', n),
    awake: (on) => say('awake', on),
    flash: (on) => say('flash', on),
    vibrate: (on) => say('vibrate', on),
    inCall: (on) => say('in call', on),
    holdPage: (on) => say('hold page', on),
    talk: (talk, keys) => {
      fake.talks = talk
      fake.keys = keys
    },
  }
  return fake
}
