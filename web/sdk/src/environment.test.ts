// @vitest-environment happy-dom
import { describe, expect, it, vi } from 'vitest'

import { browserEnvironment } from './environment.ts'

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true })
}

describe('in a browser', () => {
  it('hears of the network until it is let go', () => {
    const connection = new EventTarget()
    define(navigator, 'connection', connection)
    const fn = vi.fn()
    const stop = browserEnvironment().watchNetwork(fn)
    for (const name of ['offline', 'online']) dispatchEvent(new Event(name))
    connection.dispatchEvent(new Event('change'))
    expect(fn.mock.calls.flat()).toEqual(['offline', 'online', 'change'])
    stop()
    dispatchEvent(new Event('online'))
    expect(fn).toHaveBeenCalledTimes(3)
  })

  it('hears when the page goes away for good', () => {
    const fn = vi.fn()
    browserEnvironment().watchLeaving(fn)
    dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }))
    expect(fn).not.toHaveBeenCalled()
    dispatchEvent(Object.assign(new Event('pagehide'), { persisted: false }))
    expect(fn).toHaveBeenCalledOnce()
  })

  it.each([
    ['granted', true],
    ['prompt', false],
    ['denied', false],
  ])('knows a permission: %s', async (state, want) => {
    const query = vi.fn(() => Promise.resolve({ state }))
    define(navigator, 'permissions', { query })
    expect(await browserEnvironment().allowed('camera')).toBe(want)
    expect(query).toHaveBeenCalledWith({ name: 'camera' })
  })

  it('takes a browser that does not tell for one that would ask', async () => {
    define(navigator, 'permissions', { query: () => Promise.reject(new TypeError('unknown name')) })
    expect(await browserEnvironment().allowed('microphone')).toBe(false)
    define(navigator, 'permissions', undefined)
    expect(await browserEnvironment().allowed('microphone')).toBe(false)
  })

  it('uses what the page has', () => {
    const made: unknown[][] = []
    const note = (name: string): unknown =>
      function (...args: unknown[]): void {
        made.push([name, ...args])
      }
    vi.stubGlobal('WebSocket', note('socket'))
    vi.stubGlobal('RTCPeerConnection', note('peer'))
    vi.stubGlobal('MediaStream', note('stream'))
    vi.stubGlobal('fetch', (...args: unknown[]) => made.push(['fetch', ...args]))
    const env = browserEnvironment()
    env.openSocket('wss://x', ['p'])
    env.createPeer({ iceServers: [] })
    env.createStream()
    void env.fetch('/y')
    expect(made).toEqual([['socket', 'wss://x', ['p']], ['peer', { iceServers: [] }], ['stream'], ['fetch', '/y', undefined]])
    expect(env.origin).toBe(location.origin)
    expect(env.now()).toBeGreaterThan(1.7e12)
    expect(env.random()).toBeLessThan(1)
    vi.unstubAllGlobals()
  })
})
