import { effect, type Signal, signal } from '@preact/signals'

import { type Memory } from './ports.ts'

/** Theme is which of the two sets of colours is drawn; auto follows the system. */
export type Theme = 'auto' | 'light' | 'dark'

/** languages are the catalogues that there are, by their BCP 47 tags. */
export const languages = ['en', 'de', 'fr', 'es', 'ar'] as const

/** Language is a catalogue; auto follows the browser, the pseudo ones are for tests. */
export type Language = (typeof languages)[number] | 'auto' | 'pseudo' | 'pseudo-rtl'

/** Reads a remembered word back; undefined where it means nothing (any more). */
type Read<T> = (word: string) => T | undefined

const oneOf =
  <T extends string>(...words: readonly T[]): Read<T> =>
  (word) => words.find((w) => w === word)

const yesNo: Read<boolean> = (word) => (word === 'yes' ? true : word === 'no' ? false : undefined)
const share: Read<number> = (word) => {
  const n = Number(word)
  return word !== '' && n >= 0 && n <= 1 ? n : undefined
}
const maxId = 256
const deviceId: Read<string> = (word) => (word.length <= maxId ? word : undefined)

const write = (value: string | number | boolean): string => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value))

/**
 * Preferences are what this browser remembers of how one likes things. Nothing
 * of it reaches the server. Each is a signal: set its value and it is kept.
 */
export class Preferences {
  readonly language: Signal<Language>
  readonly theme: Signal<Theme>
  /** Whether calls ring and other sounds are made; 0 to 1 is how loud. */
  readonly sounds: Signal<boolean>
  readonly volume: Signal<number>
  /** Whether the system may show a call while the page is hidden; the browser asks, too. */
  readonly notifications: Signal<boolean>
  /** Whether a notification says who calls: others may see the screen. */
  readonly notifyNames: Signal<boolean>
  /** Ids of preferred devices; empty is the system's choice. */
  readonly microphone: Signal<string>
  readonly camera: Signal<string>
  readonly speaker: Signal<string>
  /** Computed on this device before anything is sent. */
  readonly blur: Signal<boolean>
  readonly quietNoise: Signal<boolean>
  /** One's own picture as a mirror shows it; the other side always sees it as it is. */
  readonly mirror: Signal<boolean>
  /** Begin calls muted, and talk while the space bar is held. */
  readonly pushToTalk: Signal<boolean>
  /** Which corner one's own picture lies in: block and inline side. */
  readonly selfCorner: Signal<'end-end' | 'end-start' | 'start-end' | 'start-start'>

  constructor(memory: Memory) {
    const kept = <T extends string | number | boolean>(name: string, read: Read<T>, otherwise: T): Signal<T> => {
      const key = `ringfence.${name}`
      const word = memory.get(key)
      const s = signal((word === undefined ? undefined : read(word)) ?? otherwise)
      let first = true
      effect(() => {
        const value = s.value
        if (first) first = false
        else if (value === otherwise) memory.remove(key)
        else memory.set(key, write(value))
      })
      return s
    }
    this.language = kept<Language>('lang', oneOf<Language>('auto', 'pseudo', 'pseudo-rtl', ...languages), 'auto')
    this.theme = kept<Theme>('theme', oneOf<Theme>('auto', 'light', 'dark'), 'auto')
    this.sounds = kept('sounds', yesNo, true)
    this.volume = kept('volume', share, 1)
    this.notifications = kept('notifications', yesNo, false)
    this.notifyNames = kept('notify-names', yesNo, true)
    this.microphone = kept('microphone', deviceId, '')
    this.camera = kept('camera', deviceId, '')
    this.speaker = kept('speaker', deviceId, '')
    this.blur = kept('blur', yesNo, false)
    this.quietNoise = kept('noise', yesNo, false)
    this.mirror = kept('mirror', yesNo, true)
    this.pushToTalk = kept('talk', yesNo, false)
    this.selfCorner = kept<'end-end' | 'end-start' | 'start-end' | 'start-start'>('self', oneOf('end-end', 'end-start', 'start-end', 'start-start'), 'end-end')
  }
}
