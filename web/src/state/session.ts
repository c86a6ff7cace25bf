import { signal } from '@preact/signals'
import { ApiError, type Me, type ServerInfo } from '@ringfence/sdk'

import { type Api } from './ports.ts'

/** Standing is how this browser stands with the server. */
export type Standing = 'starting' | 'unreachable' | 'out' | 'in'

/** The client connects and leaves with the session. */
export interface Connection {
  connect: () => void
  disconnect: () => void
}

const firstPause = 2_000
const longestPause = 30_000

/** Session knows who is signed in here. */
export class Session {
  readonly standing = signal<Standing>('starting')
  readonly me = signal<Me | undefined>(undefined)
  readonly server = signal<ServerInfo | undefined>(undefined)
  /** The server ended the session: say so above the sign-in form. */
  readonly ended = signal(false)
  readonly #api: Api
  readonly #connection: Connection
  #again: ReturnType<typeof setTimeout> | undefined
  #pause = firstPause

  constructor(api: Api, connection: Connection) {
    this.#api = api
    this.#connection = connection
  }

  /** Asks the server who is here. */
  async start(): Promise<void> {
    this.standing.value = 'starting'
    this.#pause = firstPause
    await this.#ask()
  }

  /** Where the server can't be reached it is asked again, ever more seldom, and the page comes back by itself. */
  async #ask(): Promise<void> {
    clearTimeout(this.#again)
    try {
      this.enter(await this.#api.me())
    } catch (error) {
      this.standing.value = error instanceof ApiError && error.code === 'unauthorized' ? 'out' : 'unreachable'
      if (this.standing.value === 'out') return
      this.#again = setTimeout(() => void this.#ask(), this.#pause)
      this.#pause = Math.min(this.#pause * 2, longestPause)
    }
  }

  /** Reads what the server allows; without it the forms use what most servers allow. */
  async learn(): Promise<void> {
    if (this.server.value !== undefined) return
    try {
      this.server.value = await this.#api.server()
    } catch {
      // The forms work without; the server checks again.
    }
  }

  enter(me: Me): void {
    clearTimeout(this.#again)
    this.me.value = me
    this.ended.value = false
    this.standing.value = 'in'
    this.#connection.connect()
  }

  async refresh(): Promise<void> {
    try {
      this.me.value = await this.#api.me()
    } catch {
      // The link tells when the session is over; a name may be a moment old.
    }
  }

  async signOut(): Promise<void> {
    await this.#api.signOut()
    this.#leave()
  }

  /** The server says that this session is over. */
  lost(): void {
    if (this.standing.value !== 'in') return
    this.ended.value = true
    this.#leave()
  }

  #leave(): void {
    this.#connection.disconnect()
    this.me.value = undefined
    this.standing.value = 'out'
  }
}
