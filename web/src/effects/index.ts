// What is done to picture and sound on this device before they are sent.
// Nothing of it is loaded before it is switched on.

import { type Effect, type Effects } from '@ringfence/sdk'

import { type Preferences } from '../state/preferences.ts'

const camera: Effect = async (track) => (await import('./blur.ts')).blur(track)
const microphone: Effect = async (track) => (await import('./noise.ts')).quietNoise(track)

/** effectsFor gives the effects that are wished for; the same ones each time, so that what did not change is not begun anew. */
export function effectsFor(preferences: Pick<Preferences, 'blur' | 'quietNoise'>): Effects {
  return {
    camera: preferences.blur.value ? camera : undefined,
    microphone: preferences.quietNoise.value ? microphone : undefined,
  }
}
