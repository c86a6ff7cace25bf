// The vectors that the server's own tests read: both sides must take and
// refuse the same.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { FrameError, readEnvelope } from './envelope.ts'
import { readBody, type ReceivedKind, writeFrame } from './frames.ts'
import { isId, openJSON, sealJSON } from './text.ts'
import { type BodyOf, type ClientKind, clientKinds, hubKinds, type Kind, passedKinds } from './wire.gen.ts'

interface FrameVector {
  readonly name: string
  readonly from: 'client' | 'hub'
  readonly frame?: string
  readonly frame_base64?: string
  readonly want?: object
  readonly code?: string
}

interface BodyVector {
  readonly kind: Kind
  readonly name?: string
  readonly json?: object
  readonly body: string
  readonly code?: string
}

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../signal/wire/testdata/${name}`, import.meta.url), 'utf8')) as T
}

const frames = load<{ ids: { valid: string[]; invalid: string[] }; valid: FrameVector[]; invalid: FrameVector[] }>('frames.json')
const bodies = load<{ valid: BodyVector[]; invalid: BodyVector[] }>('bodies.json')

/** A browser hands text over only where it is UTF-8, and closes the connection where not. */
function asText({ frame, frame_base64 }: FrameVector): string | undefined {
  if (frame_base64 === undefined) return frame
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(frame_base64, 'base64'))
  } catch {
    return undefined
  }
}

function codeOf(read: () => unknown): string {
  try {
    read()
    return 'taken'
  } catch (error) {
    return error instanceof FrameError ? error.code : String(error)
  }
}

describe('identifiers', () => {
  it.each(frames.ids.valid)('take %s', (id) => expect(isId(id)).toBe(true))
  it.each(frames.ids.invalid)('refuse %j', (id) => expect(isId(id)).toBe(false))
})

describe('frames', () => {
  it.each(frames.valid)('take: $name', (v) => {
    expect(readEnvelope(asText(v), v.from)).toEqual(v.want)
  })

  it.each(frames.invalid)('refuse: $name', (v) => {
    expect(codeOf(() => readEnvelope(asText(v), v.from))).toBe(v.code)
  })
})

const received = new Set<string>([...hubKinds, ...passedKinds])
const call = 'callaaaaaaaaaaaaaaaaaaaaae'

describe('bodies', () => {
  it.each(bodies.valid.filter((v) => received.has(v.kind)))('take $kind $body', (v) => {
    expect(readBody({ v: 1, kind: v.kind, call, body: v.body }).body).toEqual(v.json)
  })

  it.each(bodies.valid)('write $kind as the server does', (v) => {
    expect(sealJSON(v.json)).toBe(v.body)
  })

  it.each(bodies.valid.filter((v) => (clientKinds as readonly string[]).includes(v.kind)))('write frames of $kind that the server takes', (v) => {
    const kind = v.kind as ClientKind
    const { id, data } = writeFrame({ kind, call, body: v.json as BodyOf[ClientKind] })
    expect(readEnvelope(data, 'client')).toEqual({ v: 1, kind, id, call, body: v.body })
    expect(Object.keys(JSON.parse(data) as object).at(-1)).toBe('body')
  })

  it.each(bodies.invalid.filter((v) => v.code === 'bad_frame' && v.name !== 'not an object'))('refuse: $name', (v) => {
    expect(() => openJSON(v.body)).toThrow()
  })
})

describe('every kind that a hub sends', () => {
  const wrong: unknown[] = [null, [], 'text', 7]
  it.each([...received] as ReceivedKind[])('refuses a %s that is no object', (kind) => {
    for (const body of wrong) {
      expect(codeOf(() => readBody({ v: 1, kind, call, body: sealJSON(body) }))).toBe('bad_frame')
    }
  })

  const fields = bodies.valid.filter((v) => received.has(v.kind)).flatMap((v) => Object.keys(v.json ?? {}).map((field) => ({ ...v, field })))
  it.each(fields)('refuses a $kind whose $field is of the wrong type', ({ kind, json, field }) => {
    const body = sealJSON({ ...json, [field]: { not: 'this' } })
    const expected = field === 'self' || field === 'peer' ? 'taken' : 'bad_frame' // all fields of an address are optional
    expect(codeOf(() => readBody({ v: 1, kind, call, body }))).toBe(expected)
  })

  it('takes words of a later server for the safest that is known', () => {
    const error = readBody({ v: 1, kind: 'error', body: sealJSON({ code: 'sparkling', text: '' }) })
    expect(error.body).toMatchObject({ code: 'internal' })
    const ended = readBody({ v: 1, kind: 'ended', call, body: sealJSON({ reason: 'sparkling' }) })
    expect(ended.body).toMatchObject({ reason: 'hangup' })
  })

  it('leaves unknown fields out', () => {
    const frame = readBody({ v: 1, kind: 'changed', body: sealJSON({ topic: 'friends', later: true }) })
    expect(frame.body).toEqual({ topic: 'friends' })
  })

  it('refuses a kind that is not known, or that only clients send', () => {
    expect(codeOf(() => readBody({ v: 1, kind: 'sparkle', body: '' }))).toBe('unknown_kind')
    expect(codeOf(() => readBody({ v: 1, kind: 'ring', call, body: '' }))).toBe('unknown_kind')
  })

  it('refuses a frame that is not text, or too large', () => {
    expect(codeOf(() => readEnvelope(new ArrayBuffer(1)))).toBe('bad_frame')
    expect(codeOf(() => readEnvelope('x'.repeat(70_000)))).toBe('too_large')
    expect(codeOf(() => readEnvelope(JSON.stringify({ v: 1, kind: 'bye', body: 'A'.repeat(50_000) })))).toBe('too_large')
  })
})
