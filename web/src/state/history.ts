import { computed, signal } from '@preact/signals'
import { type AccountId, type Notice } from '@ringfence/sdk'

import { type CallWaiting } from './call-waiting.ts'
import { type CallRoom, type CallShown } from './call.ts'
import { type Memory } from './ports.ts'
import { type Toasts } from './toasts.ts'

const outcomes = ['talked', 'missed', 'declined', 'elsewhere', 'cancelled', 'unanswered', 'busy', 'failed'] as const

/** Outcome is how a call turned out, as one remembers it. */
export type Outcome = (typeof outcomes)[number]

/** PastCall is a call that is over, as this device remembers it. */
export interface PastCall {
  readonly id: string
  readonly peer: AccountId
  /** What the other was called then: friends come and go. */
  readonly name: string
  readonly incoming: boolean
  readonly video: boolean
  /** When it began, in milliseconds. */
  readonly at: number
  readonly seconds: number
  readonly outcome: Outcome
}

/** Day is the calls of one day. */
export interface Day {
  readonly start: Date
  readonly calls: readonly PastCall[]
}

interface Kept {
  readonly account: string
  /** What the server tells of before this was thrown away on purpose. */
  readonly since: number
  readonly calls: readonly PastCall[]
}

const key = 'ringfence.history'

/** As many calls are remembered, of one account. */
export const historyLimit = 500

/** A notice and this device's own memory are of the same call when they lie as close as this. */
const sameCall = 120_000

/**
 * History is the calls of this device. It is kept in this browser alone, for
 * the account that is signed in, and is gone when that one signs out.
 */
export class History {
  readonly #memory: Memory
  readonly #toasts: Toasts
  readonly #now: () => Date
  readonly #kept = signal<Kept | undefined>(undefined)
  #began: { readonly id: string; readonly at: number } | undefined

  constructor(memory: Memory, toasts: Toasts, now: () => Date) {
    this.#memory = memory
    this.#toasts = toasts
    this.#now = now
  }

  /** All calls, the newest first. */
  readonly list = computed<readonly PastCall[]>(() => this.#kept.value?.calls ?? [])

  /** The calls with one friend, the newest first. */
  of(peer: string): readonly PastCall[] {
    return this.list.value.filter((x) => x.peer === peer)
  }

  /** Reads what this account left here; what another one left is thrown away. */
  enter(account: string): void {
    const kept = this.#read()
    if (kept?.account === account) {
      this.#kept.value = kept
      return
    }
    this.#save({ account, since: 0, calls: [] })
  }

  /** Nobody is signed in: nothing of it stays. */
  leave(): void {
    const own = this.#kept.peek()?.account
    // Another tab may have signed somebody else in meanwhile.
    if (own === undefined || this.#read()?.account === own) this.#memory.remove(key)
    this.#kept.value = undefined
    this.#began = undefined
  }

  /** Follows the one call that there is, and remembers it when it ends. */
  watch(call: CallRoom): void {
    this.#watchWaiting(call.waiting)
    call.shown.subscribe((shown) => {
      if (shown === undefined) return
      if (this.#began?.id !== shown.id) {
        if (shown.state === 'ended') return // remembered already
        this.#began = { id: shown.id, at: this.#now().getTime() }
      }
      if (shown.state !== 'ended') return
      const outcome = outcomeOf(shown)
      const { at } = this.#began
      if (outcome === undefined || this.list.peek().some((x) => x.id === shown.id)) return
      const seconds = shown.talked ? call.seconds.peek() : 0
      this.add({ id: shown.id, peer: shown.peer, name: call.name.peek(), incoming: shown.incoming, video: shown.video, at, seconds, outcome })
    })
  }

  /** What became of somebody who called while there was another call. */
  #watchWaiting(waiting: CallWaiting): void {
    waiting.over.subscribe((shown) => {
      const outcome = shown && outcomeOf(shown)
      if (shown === undefined || outcome === undefined || this.list.peek().some((x) => x.id === shown.id)) return
      this.add({ id: shown.id, peer: shown.peer, name: waiting.nameOfOver(), incoming: true, video: shown.video, at: this.#now().getTime(), seconds: 0, outcome })
    })
  }

  add(call: PastCall): void {
    this.#change((calls) => [call, ...calls.filter((x) => x.id !== call.id && !(x.id.startsWith('notice:') && call.incoming && near(x, call.peer, call.at)))])
  }

  /** What the server tells of calls that came while nothing of this device was there. */
  heard(notices: readonly Notice[]): void {
    const kept = this.#kept.peek()
    if (kept === undefined) return
    const fresh = notices
      .filter((n) => n.at.getTime() > kept.since && !kept.calls.some((x) => x.incoming && near(x, n.from.account, n.at.getTime())))
      .map((n): PastCall => ({
        id: `notice:${n.id}`, peer: n.from.account, name: n.from.displayName, incoming: true, video: n.video, at: n.at.getTime(), seconds: 0, outcome: 'missed',
      }))
    if (fresh.length > 0) this.#change((calls) => [...fresh, ...calls.filter((x) => !fresh.some((y) => y.id === x.id))])
  }

  /** Forgets all calls, and can think better of it for a moment. */
  clear(): void {
    const before = this.#kept.peek()
    if (before === undefined) return
    this.#save({ ...before, since: this.#now().getTime(), calls: [] })
    this.#toasts.done('historyCleared', '', () => {
      if (this.#kept.peek()?.account !== before.account) return
      this.#change((calls) => [...calls, ...before.calls.filter((x) => !calls.some((y) => y.id === x.id))], before.since)
    })
  }

  /** Another tab may have added to it meanwhile: what is kept counts, not what was read once. */
  #change(change: (calls: readonly PastCall[]) => PastCall[], since?: number): void {
    const own = this.#kept.peek()
    if (own === undefined) return
    const stored = this.#read()
    const mine = stored?.account === own.account
    const base = mine ? stored : own
    const calls = change(base.calls).sort((a, b) => b.at - a.at).slice(0, historyLimit)
    const kept = { account: own.account, since: since ?? base.since, calls }
    // Where it is gone, another tab has signed out: nothing of it is written again.
    if (mine) this.#save(kept)
    else this.#kept.value = kept
  }

  #save(kept: Kept): void {
    this.#kept.value = kept
    this.#memory.set(key, JSON.stringify(kept))
  }

  #read(): Kept | undefined {
    try {
      const kept = JSON.parse(this.#memory.get(key) ?? 'null') as Kept | null
      if (kept === null || typeof kept.account !== 'string' || typeof kept.since !== 'number' || !Array.isArray(kept.calls)) return undefined
      return { ...kept, calls: kept.calls.filter(isCall).slice(0, historyLimit) }
    } catch {
      return undefined
    }
  }
}

const near = (x: PastCall, peer: string, at: number): boolean => x.peer === peer && Math.abs(x.at - at) < sameCall

/** isCall keeps away what an older page wrote, or a hand. */
function isCall(x: unknown): x is PastCall {
  if (typeof x !== 'object' || x === null) return false
  const { id, peer, name, incoming, video, at, seconds, outcome } = x as Readonly<Record<keyof PastCall, unknown>>
  const texts = [id, peer, name].every((v) => typeof v === 'string')
  const facts = typeof incoming === 'boolean' && typeof video === 'boolean'
  return texts && facts && Number.isFinite(at) && Number.isFinite(seconds) && outcomes.some((o) => o === outcome)
}

const unanswered: ReadonlySet<CallShown['end']> = new Set<CallShown['end']>(['no_answer', 'offline'])

/** outcomeOf says how a call turned out; two that crossed are one, and told of by the other. */
function outcomeOf(call: CallShown): Outcome | undefined {
  if (call.end === 'glare') return undefined
  if (call.talked) return 'talked'
  if (call.incoming) return incomingOutcome(call)
  if (call.endedByUs) return 'cancelled'
  if (call.end === 'declined' || call.end === 'busy') return call.end
  return unanswered.has(call.end) ? 'unanswered' : 'failed'
}

function incomingOutcome({ end, endedByUs }: CallShown): Outcome {
  if (end === 'answered_elsewhere') return 'elsewhere'
  if (end === 'failed' || end === 'error') return 'failed'
  return endedByUs || end === 'declined' ? 'declined' : 'missed'
}

/** byDay puts calls under their days, in the order they come in. */
export function byDay(calls: readonly PastCall[]): readonly Day[] {
  const days: { start: Date; calls: PastCall[] }[] = []
  for (const call of calls) {
    const at = new Date(call.at)
    const start = new Date(at.getFullYear(), at.getMonth(), at.getDate())
    const last = days.at(-1)
    if (last?.start.getTime() === start.getTime()) last.calls.push(call)
    else days.push({ start, calls: [call] })
  }
  return days
}
