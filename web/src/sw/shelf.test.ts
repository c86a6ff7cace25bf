import { describe, expect, it } from 'vitest'

import { routes } from '../state/router.ts'
import { type Build, digest, isRoute, Shelf } from './shelf.ts'

/** A server of files, and caches as a browser keeps them. */
function world() {
  const files = new Map<string, string>()
  const asked: string[] = []
  const kept = new Map<string, Map<string, Response>>()
  const cacheOf = (name: string): Cache => {
    const own = kept.get(name) ?? new Map<string, Response>()
    kept.set(name, own)
    return { match: (path: string) => Promise.resolve(own.get(path)?.clone()), put: (path: string, r: Response) => Promise.resolve(void own.set(path, r)) } as unknown as Cache
  }
  const caches = {
    open: (name: string) => Promise.resolve(cacheOf(name)),
    keys: () => Promise.resolve([...kept.keys()]),
    delete: (name: string) => Promise.resolve(kept.delete(name)),
    match: (path: string) => Promise.resolve([...kept.values()].find((c) => c.has(path))?.get(path)?.clone()),
  } as unknown as CacheStorage
  const get = (path: string): Promise<Response> => {
    asked.push(path)
    const body = files.get(path === '/' ? '/index.html' : path)
    return Promise.resolve(body === undefined ? new Response('', { status: 404 }) : new Response(body))
  }
  const build = async (version: string, shell: Record<string, string>, later: Record<string, string> = {}): Promise<Build> => {
    const list = (x: Record<string, string>) => Promise.all(Object.entries(x).map(async ([path, body]) => [path, await digest(new TextEncoder().encode(body).buffer)] as const))
    return { version, shell: await list(shell), later: await list(later) }
  }
  const serve = (all: Record<string, string>): void => {
    files.clear()
    for (const [path, body] of Object.entries(all)) files.set(path, body)
  }
  const shelf = (b: Build): Shelf => new Shelf(b, caches, get)
  return { asked, kept, build, serve, shelf }
}

const one = { '/index.html': 'page 1', '/assets/index-1.js': 'code 1' }
const two = { '/index.html': 'page 2', '/assets/index-2.js': 'code 2' }
const words = { '/assets/words.js': 'many words' }
const text = async (r: Promise<Response> | Response): Promise<string> => (await r).text()

describe('a version on the shelf', () => {
  it('begins without a server, and takes what it needs later when it is needed', async () => {
    const { build, serve, shelf, asked, kept } = world()
    serve({ ...one, ...words })
    const s = shelf(await build('1', one, words))
    await s.fill()
    expect([...kept.get('ringfence-1')!.keys()].sort()).toEqual(Object.keys(one).sort())
    asked.length = 0
    serve({})
    expect(await text(s.page())).toBe('page 1')
    expect(await text(s.file('/assets/index-1.js'))).toBe('code 1')
    expect(asked).toEqual([])
    serve(words)
    expect(await text(s.file('/assets/words.js'))).toBe('many words')
    serve({})
    expect(await text(s.file('/assets/words.js'))).toBe('many words')
  })

  it('is not begun with half of another', async () => {
    const { build, serve, shelf } = world()
    serve({ ...one, '/index.html': 'page 2' })
    await expect(shelf(await build('1', one)).fill()).rejects.toThrow('/index.html')
  })

  it('keeps no answer that is not the file that was built, and nothing that is no file', async () => {
    const { build, serve, shelf, kept } = world()
    serve({ ...one, ...words })
    const s = shelf(await build('1', one, words))
    await s.fill()
    serve({ '/assets/words.js': 'other words', '/assets/odd.js': 'odd' })
    expect(await text(s.file('/assets/words.js'))).toBe('other words')
    expect(await text(s.file('/assets/odd.js'))).toBe('odd')
    serve({ ...one, '/index.html': 'page 2' })
    await s.refreshPage()
    expect(await text(s.page())).toBe('page 1')
    expect([...kept.get('ringfence-1')!.keys()].sort()).toEqual(Object.keys(one).sort())
    expect(s.has('/api/v1/me')).toBe(false)
    expect(s.has('/index.html')).toBe(false)
  })

  it('leaves an older one its files as long as a page runs it, and takes along what stayed the same', async () => {
    const { build, serve, shelf, kept } = world()
    serve({ ...one, ...words })
    const old = shelf(await build('1', one, words))
    await old.fill()
    await old.file('/assets/words.js')
    serve(two)
    const s = shelf(await build('2', two, words))
    await s.fill()
    expect(await text(s.page())).toBe('page 2')
    expect(await text(s.file('/assets/words.js'))).toBe('many words')
    await s.sweep(['/assets/index-1.js', '/assets/index-2.js'])
    expect(await text(s.file('/assets/index-1.js'))).toBe('code 1')
    await s.sweep(['/assets/index-2.js'])
    expect([...kept.keys()]).toEqual(['ringfence-2'])
    expect((await s.file('/assets/index-1.js')).status).toBe(404)
    await s.removeAll()
    expect(kept.size).toBe(0)
  })
})

describe('a disk that is full or broken', () => {
  it('keeps nobody out', async () => {
    const { build, serve } = world()
    serve({ ...one, ...words })
    const get = (path: string): Promise<Response> => Promise.resolve(new Response({ ...one, ...words }[path === '/' ? '/index.html' : path]))
    const no = (): Promise<never> => Promise.reject(new DOMException('no room', 'QuotaExceededError'))
    const full = { match: () => Promise.resolve(undefined), put: no } as unknown as Cache
    const b = await build('1', one, words)
    for (const open of [() => Promise.resolve(full), no]) {
      const s = new Shelf(b, { open, match: () => Promise.resolve(undefined), keys: no } as unknown as CacheStorage, get)
      expect(await text(s.page())).toBe('page 1')
      expect(await text(s.file('/assets/words.js'))).toBe('many words')
      await expect(s.fill()).rejects.toThrow('no room')
    }
  })
})

describe('addresses', () => {
  it('of the app are served from the shelf', () => {
    for (const path of ['/', '/index.html', '/people/abc', '/settings/you', ...Object.keys(routes).filter((x) => x.startsWith('/') && !x.includes(':'))]) expect(isRoute(path), path).toBe(true)
  })

  it.each(['/api', '/api/v1/me', '/assets', '/assets/x', '/sw.js', '/icon.svg', '/invite/', '//invite', '/a/../b', '/.well-known/x'])('of anything else are the server’s: %s', (path) => {
    expect(isRoute(path)).toBe(false)
  })
})
