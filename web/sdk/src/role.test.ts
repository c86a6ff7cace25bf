import { describe, expect, it } from 'vitest'

import { otherRole, roleOf, withRole } from './role.ts'

const answer = (role: string): string => `v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=setup:${role}\r\na=mid:0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=setup:${role}\r\na=mid:1\r\n`

describe('who opens the encryption', () => {
  it.each([['active', 'passive'], ['passive', 'active']] as const)('is read from an answer: %s', (role, other) => {
    expect(roleOf(answer(role))).toBe(role)
    expect(otherRole(answer(role))).toBe(other)
  })

  it.each(['actpass', 'holdconn', 'activex', ''])('is not read from %j', (role) => {
    expect(roleOf(answer(role))).toBeUndefined()
    expect(otherRole(answer(role))).toBeUndefined()
    expect(withRole(answer(role), 'active')).toBe(answer(role))
  })

  it('stays what it was, in each part of an answer', () => {
    expect(withRole(answer('active'), 'active')).toBe(answer('passive'))
    expect(withRole(answer('passive'), 'active')).toBe(answer('passive'))
    expect(withRole(answer('passive'), 'passive')).toBe(answer('active'))
    expect(withRole(answer('active'), undefined)).toBe(answer('active'))
  })
})
