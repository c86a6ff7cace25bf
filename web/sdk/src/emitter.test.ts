import { expect, it, vi } from 'vitest'

import { Emitter } from './emitter.ts'

class Bell extends Emitter<{ ring: readonly [times: number] }> {
  ring(times: number): void {
    this.emit('ring', times)
  }
}

it('tells every listener in order, until it is let go', () => {
  const bell = new Bell()
  const heard: string[] = []
  const stop = bell.on('ring', (n) => void heard.push(`a${n}`))
  bell.on('ring', (n) => void heard.push(`b${n}`))
  bell.ring(1)
  stop()
  stop()
  bell.ring(2)
  expect(heard).toEqual(['a1', 'b1', 'b2'])
})

it('takes one function twice, and lets go of one', () => {
  const bell = new Bell()
  const fn = vi.fn()
  const stop = bell.on('ring', fn)
  bell.on('ring', fn)
  bell.ring(1)
  stop()
  bell.ring(2)
  expect(fn).toHaveBeenCalledTimes(3)
})

it('lets listeners come and go while it tells', () => {
  const bell = new Bell()
  const late = vi.fn()
  const stop = bell.on('ring', () => {
    stop()
    bell.on('ring', late)
  })
  bell.ring(1)
  expect(late).not.toHaveBeenCalled()
  bell.ring(2)
  expect(late).toHaveBeenCalledExactlyOnceWith(2)
})

it('lets a listener that throws keep nobody from hearing', async () => {
  const uncaught = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => undefined)
  const bell = new Bell()
  const fn = vi.fn()
  bell.on('ring', () => {
    throw new Error('mine')
  })
  bell.on('ring', fn)
  bell.ring(1)
  expect(fn).toHaveBeenCalled()
  expect(() => uncaught.mock.calls[0]?.[0]()).toThrow('mine')
  await Promise.resolve()
})
