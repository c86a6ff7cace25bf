import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { anna, device, world, type World } from '../test/fakes.ts'
import { SignalSocket } from './socket.ts'
import { sealJSON } from './text.ts'

let w: World
let socket: SignalSocket
let told: string[]

beforeEach(() => {
  vi.useFakeTimers()
  w = world()
  socket = new SignalSocket(w.env)
  told = []
  socket.on('state', (s) => void told.push(s))
  socket.on('fresh', () => void told.push('fresh'))
  socket.on('resumed', () => void told.push('resumed'))
  socket.on('frame', (f) => void told.push(f.kind))
  socket.on('ignored', (e) => void told.push(`ignored ${e.code}`))
  socket.on('refused', () => void told.push('refused'))
})

afterEach(() => {
  socket.close()
  vi.useRealTimers()
})

const relay = { kind: 'relay', call: anna, body: {} } as const
const presence = { kind: 'presence', body: { account: anna, online: true } } as const

describe('a connection', () => {
  it('opens nothing before connect', () => {
    socket.reconnect()
    expect(w.hub.sockets).toHaveLength(0)
    expect(socket.state).toBe('idle')
  })

  it('says hello first and is open once it is welcome', () => {
    socket.connect()
    expect(w.hub.socket.url).toBe('wss://ring.example/api/v1/signal')
    expect(w.hub.socket.protocols).toEqual(['ringfence.v1'])
    w.hub.welcome()
    expect(w.hub.last('hello').json).toEqual({ min: 1, max: 1, features: ['move'] })
    expect(socket.self).toEqual({ account: anna, device })
    expect(told).toEqual(['connecting', 'open', 'fresh'])
  })

  it('is made once, however often it is asked for', () => {
    socket.connect()
    socket.connect()
    w.hub.welcome()
    socket.connect()
    expect(w.hub.sockets).toHaveLength(1)
  })

  it('goes to another server where one is named', () => {
    new SignalSocket(w.env, 'http://localhost:8080').connect()
    expect(w.hub.socket.url).toBe('ws://localhost:8080/api/v1/signal')
  })

  it('refuses to send before there is a session, and after it', () => {
    expect(socket.send(relay)).toBeUndefined()
    socket.connect()
    w.hub.socket.open()
    expect(socket.send(relay)).toBeUndefined()
    w.hub.welcome()
    socket.close()
    expect(socket.send(relay)).toBeUndefined()
  })

  it('sends frames with an id', () => {
    socket.connect()
    w.hub.welcome()
    const id = socket.send({ kind: 'relay', call: anna, body: {} })
    expect(w.hub.last('relay').id).toBe(id)
  })

  it('hands frames on, and leaves out what is not one', () => {
    socket.connect()
    w.hub.welcome()
    w.hub.send(presence)
    w.hub.socket.message('{')
    w.hub.socket.message(new ArrayBuffer(3))
    w.hub.raw({ v: 1, kind: 'sparkle', seq: 2, body: '' })
    w.hub.raw({ v: 1, kind: 'presence', seq: 3, body: sealJSON({ account: 'x', online: true }) })
    expect(told.slice(3)).toEqual(['presence', 'ignored bad_frame', 'ignored bad_frame', 'ignored unknown_kind', 'ignored bad_frame'])
    expect(socket.state).toBe('open')
  })

  it('is given up where no welcome comes', () => {
    socket.connect()
    w.hub.socket.open()
    const first = w.hub.socket
    vi.advanceTimersByTime(10_000)
    expect(first.closedWith).toBe(4002)
    expect(told).toEqual(['connecting', 'waiting', 'refused'])
  })
})

describe('a lost connection', () => {
  beforeEach(() => {
    socket.connect()
    w.hub.welcome()
    told.length = 0
  })

  it('is made again with the token and the number of the last frame', () => {
    w.hub.send(presence)
    w.hub.send(presence)
    w.hub.socket.drop()
    expect(socket.state).toBe('waiting')
    expect(socket.retryAt).toBeGreaterThan(Date.now())
    vi.advanceTimersByTime(250)
    w.hub.welcome(true)
    expect(w.hub.last('hello').json).toEqual({ min: 1, max: 1, features: ['move'], resume: 'token1', cursor: 2 })
    expect(told).toEqual(['presence', 'presence', 'waiting', 'connecting', 'open', 'resumed'])
    expect(socket.retryAt).toBeUndefined()
  })

  it('takes no frame twice', () => {
    w.hub.send(presence)
    w.hub.socket.drop()
    vi.advanceTimersByTime(250)
    w.hub.welcome(true)
    told.length = 0
    w.hub.raw({ v: 1, kind: 'presence', seq: 1, body: sealJSON(presence.body) })
    w.hub.raw({ v: 1, kind: 'presence', seq: 2, body: sealJSON(presence.body) })
    expect(told).toEqual(['presence'])
  })

  it('begins anew where the hub does not know the session any more', () => {
    w.hub.send(presence)
    w.hub.send(presence)
    w.hub.socket.drop()
    vi.advanceTimersByTime(250)
    w.hub.welcome(false)
    told.length = 0
    w.hub.send(presence) // its number is 1 again
    expect(told).toEqual(['presence'])
    w.hub.socket.drop()
    vi.advanceTimersByTime(250)
    w.hub.socket.open()
    expect(w.hub.last('hello').json).toMatchObject({ resume: 'token2', cursor: 1 })
  })

  it('loses nothing that is sent meanwhile', () => {
    w.hub.socket.drop()
    const ids = [socket.send(relay), socket.send(relay)]
    expect(ids).not.toContain(undefined)
    vi.advanceTimersByTime(250)
    expect(w.hub.got('relay')).toEqual([])
    w.hub.welcome(true, 0)
    expect(w.hub.got('relay').map((f) => f.id)).toEqual(ids)
  })

  it('repeats what the hub did not take, and nothing else', () => {
    const ids = [socket.send(relay), socket.send(relay), socket.send(relay)]
    w.hub.socket.drop()
    vi.advanceTimersByTime(250)
    w.hub.welcome(true, 1)
    expect(w.hub.socket.sent.slice(1).map((f) => f.id)).toEqual(ids.slice(1))
    ids.push(socket.send(relay))
    w.hub.socket.drop()
    vi.advanceTimersByTime(250)
    w.hub.welcome(true, 4)
    expect(w.hub.socket.sent).toHaveLength(1)
  })

  it('sends nothing of an old session in a new one', () => {
    socket.send(relay)
    w.hub.socket.drop()
    socket.send(relay)
    vi.advanceTimersByTime(250)
    w.hub.welcome(false)
    expect(w.hub.socket.sent.map((f) => f.kind)).toEqual(['hello'])
    socket.send(relay)
    w.hub.socket.drop()
    vi.advanceTimersByTime(250)
    w.hub.welcome(true, 0)
    expect(w.hub.got('relay')).toHaveLength(3)
  })

  it('keeps no more than the hub does', () => {
    w.hub.socket.drop()
    const ids = Array.from({ length: 300 }, () => socket.send(relay))
    vi.advanceTimersByTime(250)
    w.hub.welcome(true, 0)
    expect(w.hub.got('relay').map((f) => f.id)).toEqual(ids.slice(-256))
  })

  it('is tried within two seconds for a minute, and then ever more rarely, up to half a minute', async () => {
    const begin = Date.now()
    const delays: { after: number; ms: number }[] = []
    w.hub.socket.drop()
    while (Date.now() - begin < 300_000) {
      const ms = (socket.retryAt ?? 0) - Date.now()
      delays.push({ after: Date.now() - begin, ms })
      await vi.advanceTimersByTimeAsync(ms)
      w.hub.socket.drop()
    }
    expect(delays.slice(0, 5).map((d) => d.ms)).toEqual([188, 375, 750, 1200, 1200])
    expect(delays.filter((d) => d.after < 60_000 && d.ms >= 2000)).toEqual([])
    expect(delays.filter((d) => d.after < 60_000).length).toBeGreaterThan(40)
    expect(delays.at(-1)?.ms).toBe(22_500)
    expect(told.filter((t) => t === 'refused')).toHaveLength(delays.length)
  })

  it('stays away for as long as the hub says', async () => {
    w.hub.socket.drop()
    vi.advanceTimersByTime((socket.retryAt ?? 0) - Date.now())
    w.hub.socket.open()
    w.hub.send({ kind: 'error', body: { code: 'rate_limited', text: '', retry_after: 7 } })
    w.hub.socket.drop(4003)
    expect((socket.retryAt ?? 0) - Date.now()).toBe(7375)
    await vi.advanceTimersByTimeAsync(7375)
    w.hub.socket.drop()
    expect((socket.retryAt ?? 0) - Date.now()).toBe(750)
  })

  it('waits a second at most while somebody talks', async () => {
    const calm = [socket.hurry(), socket.hurry()]
    const delay = async (): Promise<number> => {
      w.hub.socket.drop()
      const ms = (socket.retryAt ?? 0) - Date.now()
      await vi.advanceTimersByTimeAsync(ms)
      return ms
    }
    for (const ms of [188, 375, 750, 750, 750]) expect(await delay()).toBe(ms)
    calm[0]?.()
    calm[0]?.()
    expect(await delay()).toBe(750)
    calm[1]?.()
    expect(await delay()).toBe(1200)
  })

  it('knocks before it opens a WebSocket again, for Firefox puts those off', async () => {
    const asked: string[] = []
    let there = false
    w = world({
      fetch: (url) => {
        asked.push(url instanceof Request ? url.url : url.toString())
        return there ? Promise.resolve(new Response()) : Promise.reject(new TypeError('refused'))
      },
    })
    socket = new SignalSocket(w.env)
    socket.connect()
    w.hub.socket.drop()
    await vi.advanceTimersByTimeAsync(188)
    w.hub.socket.drop()
    expect(w.hub.sockets).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(8_000)
    expect(asked.length).toBeGreaterThan(5)
    expect(asked[0]).toBe('https://ring.example/api/v1/openapi.json')
    expect(w.hub.sockets).toHaveLength(2)
    there = true
    await vi.advanceTimersByTimeAsync(1200)
    expect(w.hub.sockets).toHaveLength(3)
    w.hub.welcome()
    expect(socket.state).toBe('open')
  })

  it('that was given up while it knocked opens nothing', async () => {
    let answer: ((r: Response) => void) | undefined
    w = world({ fetch: () => new Promise((resolve) => { answer = resolve }) })
    socket = new SignalSocket(w.env)
    socket.hurry()
    socket.connect()
    w.hub.socket.drop()
    await vi.advanceTimersByTimeAsync(188)
    w.hub.socket.drop()
    await vi.advanceTimersByTimeAsync(375)
    socket.close()
    answer?.(new Response())
    await vi.advanceTimersByTimeAsync(0)
    expect(w.hub.sockets).toHaveLength(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('says whether the hub started anew', () => {
    const fresh: boolean[] = []
    socket.on('fresh', (rebooted) => void fresh.push(rebooted))
    const begins = (boot: string | undefined): void => {
      w.hub.boot = boot
      socket.reconnect()
      w.hub.welcome()
    }
    begins(w.hub.boot)
    begins('bootbbbbbbbbbbbbbbbbbbbbbe')
    begins('bootbbbbbbbbbbbbbbbbbbbbbe')
    expect(fresh).toEqual([false, true, false])
  })

  it('starts from the shortest delay after a welcome', async () => {
    for (let i = 0; i < 5; i++) {
      w.hub.socket.drop()
      await vi.advanceTimersByTimeAsync((socket.retryAt ?? 0) - Date.now())
    }
    w.hub.welcome(true)
    w.hub.socket.drop()
    expect((socket.retryAt ?? 0) - Date.now()).toBe(188)
  })

  it('leaves chance a part in the delay', () => {
    const other = world({ random: () => 0 })
    const quick = new SignalSocket(other.env)
    quick.connect()
    other.hub.socket.drop()
    expect((quick.retryAt ?? 0) - Date.now()).toBe(125)
    quick.close()
  })

  it('is made again at once when the network is back', () => {
    const old = w.hub.socket
    w.network('online')
    expect(old.closedWith).toBe(4002) // 1000 would end the session, and the call with it, before the new connection takes it
    expect(w.hub.sockets).toHaveLength(2)
    old.drop(4500) // deaf to what the old one still says
    expect(socket.state).toBe('connecting')
    w.hub.welcome(true)
    expect(told).toEqual(['connecting', 'open', 'resumed'])
  })

  it('does not wait any longer when the network is back', () => {
    w.hub.socket.drop()
    w.network('offline')
    expect(w.hub.sockets).toHaveLength(1)
    w.network('online')
    expect(w.hub.sockets).toHaveLength(2)
    vi.advanceTimersByTime(1000)
    expect(w.hub.sockets).toHaveLength(2)
  })
})

describe('a close code', () => {
  beforeEach(() => {
    socket.connect()
    w.hub.welcome()
  })

  it.each([1000, 1001, 1006, 1012, 4000, 4001, 4002, 4003, 4499, 5000])('%i means to come back', (code) => {
    w.hub.socket.drop(code)
    expect(socket.state).toBe('waiting')
  })

  it.each([
    [4500, 'replaced'],
    [4501, 'signed_out'],
    [4502, 'protocol'],
    [4503, 'too_many'],
    [4504, 'flood'],
    [4999, 'protocol'],
  ])('%i means to stay away: %s', (code, reason) => {
    w.hub.socket.drop(code)
    expect(socket.state).toBe('closed')
    expect(socket.stopReason).toBe(reason)
    w.network('online')
    vi.advanceTimersByTime(100_000)
    expect(w.hub.sockets).toHaveLength(1)
  })

  it('is forgotten when the person tries again', () => {
    w.hub.socket.drop(4503)
    socket.reconnect()
    w.hub.welcome()
    expect(socket.stopReason).toBeUndefined()
    expect(w.hub.last('hello').json).toEqual({ min: 1, max: 1, features: ['move'] })
    w.network('online')
    expect(w.hub.sockets).toHaveLength(3)
  })
})

it('leaves nothing running behind', () => {
  socket.connect()
  w.hub.welcome()
  socket.close()
  expect(w.watchers.size).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
  expect(socket.stopReason).toBe('left')
  expect(socket.self).toBeUndefined()
})
