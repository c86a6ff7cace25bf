import { describe, expect, it } from 'vitest'

import { type CallShown } from '../../state/call.ts'
import { en } from '../../text/en/index.ts'
import { setText } from '../../text/index.ts'
import { ownRemarks, theirRemarks, wordsOfNote } from './words.ts'

setText(en)

const base = { state: 'connected', talked: true, video: true, away: false, held: false, remote: { audio: true, video: true, screen: false, held: false } } as CallShown

describe('what there is to say in a call', () => {
  it('is nothing while all is well', () => {
    expect(theirRemarks(base, 'Ben')).toEqual([])
    expect(ownRemarks(base, true, undefined)).toEqual([])
  })

  it('of the other side: muted, paused, without a camera, sharing, away', () => {
    const remote = (change: Partial<CallShown['remote']>): string[] => theirRemarks({ ...base, remote: { ...base.remote, ...change } }, 'Ben')
    expect(remote({ audio: false })).toEqual(['Ben is muted'])
    expect(remote({ held: true })).toEqual(['Ben’s picture is paused: the connection is weak.'])
    expect(remote({ video: false })).toEqual(['Ben’s camera is off'])
    expect(remote({ video: false, held: true })).toEqual(['Ben’s camera is off'])
    expect(remote({ video: false, screen: true })).toEqual(['Ben is sharing a screen'])
    expect(theirRemarks({ ...base, away: true }, 'Ben')).toEqual([en.call.theyAway('Ben')])
    expect(theirRemarks({ ...base, talked: false, remote: { ...base.remote, audio: false } }, 'Ben')).toEqual([])
  })

  it('of a picture that doesn’t come, unless the reason is said already', () => {
    expect(theirRemarks(base, 'Ben', 'soon')).toEqual([])
    expect(theirRemarks(base, 'Ben', 'missing')).toEqual([en.stage.theyMissing('Ben')])
    expect(theirRemarks(base, 'Ben', 'stopped')).toEqual([en.stage.theyStopped('Ben')])
    expect(theirRemarks({ ...base, remote: { ...base.remote, screen: true } }, 'Ben', 'stopped')).toEqual([en.stage.theyShare('Ben')]) // what one reads may lie still
    expect(theirRemarks({ ...base, away: true }, 'Ben', 'stopped')).toEqual([en.call.theyAway('Ben')])
    expect(theirRemarks({ ...base, state: 'reconnecting' }, 'Ben', 'stopped')).toEqual([])
    expect(theirRemarks({ ...base, remote: { ...base.remote, held: true } }, 'Ben', 'stopped')).toEqual([en.stage.theyHeld('Ben')])
  })

  it('once, and not twice, where the other side is the one without a network', () => {
    expect(ownRemarks({ ...base, state: 'reconnecting', away: true }, false, undefined)).toEqual([])
  })

  it('of one’s own side: paused, cut off, and what just happened', () => {
    expect(ownRemarks({ ...base, held: true }, false, undefined)).toEqual([en.stage.held])
    expect(ownRemarks({ ...base, state: 'reconnecting' }, true, undefined)).toEqual([en.stage.stay])
    expect(ownRemarks({ ...base, talked: false }, true, undefined)).toEqual([en.errors.codes.network])
    expect(ownRemarks(base, false, { kind: 'share_failed' })).toEqual([en.stage.shareFailed])
  })

  it('says once that a device is gone', () => {
    const note = { kind: 'device', device: 'camera', now: 'lost', label: '' } as const
    const trouble = (device: 'camera' | 'microphone'): CallShown => ({ ...base, trouble: { device, blocking: false, problem: { code: 'camera_missing' } } }) as unknown as CallShown
    expect(ownRemarks(base, false, note)).toEqual([en.stage.cameraLost])
    expect(ownRemarks(trouble('microphone'), false, note)).toEqual([en.stage.cameraLost])
    expect(ownRemarks(trouble('camera'), false, note)).toEqual([])
  })

  it('names the device that took over', () => {
    const note = (device: 'microphone' | 'camera', now: 'switched' | 'lost'): string => wordsOfNote({ kind: 'device', device, now, label: 'Built-in' })
    expect(note('microphone', 'switched')).toBe('Your microphone was unplugged. Now using Built-in.')
    expect(note('camera', 'switched')).toContain('Built-in')
    expect(note('microphone', 'lost')).toBe(en.stage.microphoneLost)
    expect(note('camera', 'lost')).toBe(en.stage.cameraLost)
  })
})
