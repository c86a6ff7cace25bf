import { describe, expect, it } from 'vitest'

import { noNetwork, refusal, settle } from '../testing/fakes.ts'
import { Attempt, Latest } from './attempt.ts'
import { toProblem } from './problem.ts'

describe('an attempt', () => {
  it('runs once at a time, and keeps why it failed until the next', async () => {
    const attempt = new Attempt('call')
    let fail: (e: Error) => void = () => undefined
    const first = attempt.run(() => new Promise((_, reject) => (fail = reject)))
    expect(attempt.pending.value).toBe(true)
    expect(await attempt.run(() => Promise.resolve())).toBe(false)
    fail(refusal('rate_limited'))
    expect(await first).toBe(false)
    expect(attempt.problem.value).toMatchObject({ code: 'rate_limited', during: 'call' })
    expect(await attempt.run(() => Promise.resolve())).toBe(true)
    expect(attempt.problem.value).toBeUndefined()
  })

  it('knows failures of the server, of the network, and of its own', () => {
    const hit = { field: 'name', rule: 'max_length', limit: 20 }
    expect(toProblem(refusal('invalid', [hit]))).toMatchObject({ code: 'invalid', fields: [hit] })
    expect(toProblem(noNetwork()).code).toBe('network')
    expect(toProblem(new TypeError('x')).code).toBe('internal')
  })
})

describe('the latest of a list', () => {
  it('is fetched once more where somebody asked meanwhile, and never out of order', async () => {
    const answers: ((n: number) => void)[] = []
    const latest = new Latest(() => new Promise<number>((resolve) => answers.push(resolve)))
    const first = latest.refresh()
    void latest.refresh()
    void latest.refresh()
    expect(answers).toHaveLength(1)
    answers[0]?.(1)
    await settle()
    expect(answers).toHaveLength(2)
    answers[1]?.(2)
    await first
    expect(latest.value.value).toBe(2)
  })

  it('keeps what it had where a fetch fails, and forgets what was under way when cleared', async () => {
    let answer: (n: number) => void = () => undefined
    let broken = false
    const latest = new Latest(() => (broken ? Promise.reject(noNetwork()) : new Promise<number>((resolve) => (answer = resolve))))
    const first = latest.refresh()
    answer(1)
    await first
    broken = true
    await latest.refresh()
    expect([latest.value.value, latest.problem.value?.code]).toEqual([1, 'network'])
    broken = false
    const late = latest.refresh()
    latest.clear()
    answer(2)
    await late
    expect(latest.value.value).toBeUndefined()
  })
})
