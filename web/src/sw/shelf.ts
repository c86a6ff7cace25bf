// The files of one version of the program, kept in this browser. Each version
// has a cache of its own, and every file in it is the very one that was built:
// what the server gives is compared with its hash, so that a server that is
// being replaced can't hand out half of each.

/** Build is what the build wrote into the worker: paths with the hash of each file. */
export interface Build {
  readonly version: string
  /** What a page needs to begin; kept from the start. */
  readonly shell: readonly (readonly [path: string, hash: string])[]
  /** What is loaded when it is needed; kept from then on. */
  readonly later: readonly (readonly [path: string, hash: string])[]
}

/** Where the page lies in the cache; it is served for every address of the app. */
export const page = '/index.html'
const prefix = 'ringfence-'

const route = /^(?:\/|(?:\/[^/.]+)+)$/

/** isRoute reports whether a path is an address of the app, as the server sees it: no file and nothing of the API. */
export function isRoute(path: string): boolean {
  return path === page || (route.test(path) && !/^\/(?:api|assets)(?:\/|$)/.test(path))
}

/** digest is how the build names content, too. */
export async function digest(bytes: ArrayBuffer): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(sum.subarray(0, 12), (b) => b.toString(16).padStart(2, '0')).join('')
}

type Get = (path: string, init?: RequestInit) => Promise<Response>

/** Shelf keeps one version, and reads those beside it. */
export class Shelf {
  readonly #build: Build
  readonly #caches: CacheStorage
  readonly #get: Get
  readonly #hashes: ReadonlyMap<string, string>

  constructor(build: Build, caches: CacheStorage, get: Get) {
    this.#build = build
    this.#caches = caches
    this.#get = get
    this.#hashes = new Map([...build.shell, ...build.later])
  }

  get #own(): Promise<Cache> {
    return this.#caches.open(prefix + this.#build.version)
  }

  async #names(): Promise<string[]> {
    return (await this.#caches.keys()).filter((name) => name.startsWith(prefix))
  }

  /** Fetches what a page needs to begin. It fails where one file isn't the one that was built. */
  async fill(): Promise<void> {
    await Promise.all(this.#build.shell.map(([path]) => this.#fetch(path)))
    await this.#carryOver()
  }

  /** Takes along what was loaded under another version and is still the same, as far as there is room. */
  async #carryOver(): Promise<void> {
    const own = await this.#own
    for (const [path, hash] of this.#build.later) {
      const old = await this.#caches.match(path)
      if (old !== undefined && (await digest(await old.clone().arrayBuffer())) === hash) await own.put(path, old).catch(() => undefined)
    }
  }

  async #fetch(path: string): Promise<void> {
    const answer = await this.#get(path === page ? '/' : path, { cache: 'no-cache', credentials: 'same-origin' })
    if (!(await this.#keep(path, answer))) throw new Error(`${path} is not the file that was built`)
  }

  /** Keeps a copy of an answer, if it is the file that was built. */
  async #keep(path: string, answer: Response): Promise<boolean> {
    if (!answer.ok || answer.redirected) return false
    const copy = answer.clone()
    if ((await digest(await answer.clone().arrayBuffer())) !== this.#hashes.get(path)) return false
    await (await this.#own).put(path, copy)
    return true
  }

  async page(): Promise<Response> {
    return (await this.#kept(page)) ?? this.#get('/')
  }

  /** A kept file, if it is there and this browser's storage can be read: a broken disk must not shut anybody out. */
  async #kept(path: string): Promise<Response | undefined> {
    try {
      return (await (await this.#own).match(path)) ?? (path === page ? undefined : await this.#caches.match(path))
    } catch {
      return undefined
    }
  }

  /** Fetches the page again: its headers may have changed, and must not be older than the server's for long. */
  async refreshPage(): Promise<void> {
    try {
      await this.#keep(page, await this.#get('/', { cache: 'no-cache', credentials: 'same-origin' }))
    } catch {
      // No server: the page will say so.
    }
  }

  /** Whether file answers for a path. */
  has(path: string): boolean {
    return path !== page && (this.#hashes.has(path) || path.startsWith('/assets/'))
  }

  /** A file of this version, or of an older one that a page still runs. */
  async file(path: string): Promise<Response> {
    const kept = await this.#kept(path)
    if (kept !== undefined) return kept
    const answer = await this.#get(path)
    // A full disk keeps nothing more, and holds nothing up.
    if (this.#hashes.has(path)) await this.#keep(path, answer.clone()).catch(() => false)
    return answer
  }

  /** Removes the versions of which no page is left; inUse are the entries of those that are. */
  async sweep(inUse: readonly string[]): Promise<void> {
    for (const name of await this.#names()) {
      if (name === prefix + this.#build.version) continue
      const cache = await this.#caches.open(name)
      const used = await Promise.all(inUse.map((path) => cache.match(path)))
      if (used.every((found) => found === undefined)) await this.#caches.delete(name)
    }
  }

  async removeAll(): Promise<void> {
    for (const name of await this.#names()) await this.#caches.delete(name)
  }
}
