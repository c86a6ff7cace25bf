import { expect, it } from 'vitest'

import { settle } from '../testing/fakes.ts'
import { CallDevices } from './call-devices.ts'

const named = (id: string) => ({ id, label: id.toUpperCase() })

it('the devices to choose from stay true while somebody looks', async () => {
  let tell: (() => void) | undefined
  let microphones = [named('built-in')]
  const devices = new CallDevices({
    devices: () => Promise.resolve({ microphones, cameras: [], speakers: [] }),
    watchDevices: (fn) => {
      tell = fn
      return () => (tell = undefined)
    },
  })
  devices.watch()
  devices.watch()
  await settle()
  expect(devices.list.value).toEqual({ microphones, cameras: [], speakers: [] })
  microphones = [...microphones, named('headset')]
  tell?.()
  await settle()
  expect(devices.list.value.microphones).toHaveLength(2)
  devices.stop()
  expect(tell).toBeUndefined()
})

it('a machine that tells nothing has none', async () => {
  const devices = new CallDevices({ devices: () => Promise.reject(new Error('refused')), watchDevices: () => () => undefined })
  devices.watch()
  await settle()
  expect(devices.list.value.microphones).toEqual([])
})
