import { afterEach, describe, expect, it, vi } from 'vitest'

import { settle } from '../testing/fakes.ts'
import { workerNotifier } from './notifier.ts'

afterEach(() => void vi.unstubAllGlobals())

/** A browser whose worker is still being installed. */
function installing() {
  const said: { kind: string; tag?: string; options?: NotificationOptions }[] = []
  let install = (): void => undefined
  const ready = new Promise((done) => (install = () => done({ active: { postMessage: (x: (typeof said)[number]) => said.push(x) } })))
  vi.stubGlobal('Notification', { permission: 'granted' })
  vi.stubGlobal('isSecureContext', true)
  vi.stubGlobal('navigator', { serviceWorker: { ready, getRegistration: () => Promise.resolve({ active: null }) } })
  return { said, install }
}

describe('notifications', () => {
  it('of a call that rings before the worker is there come as soon as it is, and in order', async () => {
    const { said, install } = installing()
    const notifier = workerNotifier()
    notifier.call({ id: 'one', name: 'Ben', video: true })
    notifier.endCall('one')
    notifier.missed({ account: 'ben', name: 'Ben', video: true })
    await settle()
    expect(said).toEqual([])
    install()
    await settle()
    expect(said.map((x) => [x.kind, x.tag ?? x.options?.tag])).toEqual([
      ['show', 'call:one'],
      ['close', 'call:one'],
      ['show', 'missed:ben'],
    ])
  })
})
