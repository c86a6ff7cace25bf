import { describe, expect, it } from 'vitest'

import { type Memory } from './ports.ts'
import { Preferences } from './preferences.ts'

function memoryOf(items: Record<string, string> = {}): Memory & { items: Map<string, string> } {
  const kept = new Map(Object.entries(items))
  return { items: kept, get: (k) => kept.get(k), set: (k, v) => void kept.set(k, v), remove: (k) => void kept.delete(k) }
}

describe('preferences', () => {
  it('are kept, and found again', () => {
    const memory = memoryOf()
    const one = new Preferences(memory)
    one.theme.value = 'dark'
    one.sounds.value = false
    one.volume.value = 0.25
    const two = new Preferences(memory)
    expect([two.theme.value, two.sounds.value, two.volume.value]).toEqual(['dark', false, 0.25])
  })

  it('write nothing that is as it would be anyway', () => {
    const memory = memoryOf()
    const one = new Preferences(memory)
    expect(memory.items.size).toBe(0)
    one.blur.value = true
    one.blur.value = false
    expect(memory.items.size).toBe(0)
  })

  it.each([['theme', 'purple'], ['volume', '2'], ['volume', 'NaN'], ['volume', ''], ['sounds', '1'], ['lang', 'xx'], ['camera', 'x'.repeat(300)]])('pass over what means nothing: %s = %s', (name, word) => {
    const p = new Preferences(memoryOf({ [`ringfence.${name}`]: word }))
    expect([p.theme.value, p.volume.value, p.sounds.value, p.language.value, p.camera.value]).toEqual(['auto', 1, true, 'auto', ''])
  })
})
