// A hub between two phones, as small as it can be: enough of the protocol that
// two real clients can call each other, and nothing of a network.

import { type OpenEnvelope } from '../src/envelope.ts'
import { openJSON } from '../src/text.ts'
import { type BodyOf, type CallId, type PassedKind, type Reason } from '../src/wire.gen.ts'
import { type Phone, servers } from './calling.ts'
import { anna, berta, device, settle } from './fakes.ts'

interface Line {
  readonly phone: Phone
  readonly account: string
  /** Ids of the frames that were taken. */
  readonly taken: Set<string>
}

interface Talk {
  readonly caller: Line
  readonly ring: BodyOf['ring']
  running: boolean
}

const passed: readonly string[] = ['description', 'candidate', 'media'] satisfies readonly PassedKind[]

/** Switchboard carries frames between two phones. */
export class Switchboard {
  readonly #lines: readonly [Line, Line]
  readonly #talks = new Map<CallId, Talk>()

  constructor(a: Phone, b: Phone) {
    this.#lines = [
      { phone: a, account: anna, taken: new Set() },
      { phone: b, account: berta, taken: new Set() },
    ]
  }

  /** How many calls there are. */
  get talks(): number {
    return this.#talks.size
  }

  /** pump carries frames until none is left. */
  async pump(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      await settle()
      const moved = this.#lines.map((line) => this.#takeFrom(line)).some(Boolean)
      quiet = moved ? 0 : quiet + 1
    }
  }

  #takeFrom(line: Line): boolean {
    const { hub } = line.phone
    if (line.phone.signal.state !== 'open') return false
    const fresh = hub.sockets.flatMap((s) => s.sent).filter((f) => f.kind !== 'hello' && !line.taken.has(f.id ?? ''))
    for (const frame of fresh) {
      line.taken.add(frame.id ?? '')
      this.#act(line, frame)
    }
    return fresh.length > 0
  }

  #act(from: Line, frame: OpenEnvelope): void {
    const { call = '', kind } = frame
    const to = this.#lines[0] === from ? this.#lines[1] : this.#lines[0]
    const talk = this.#talks.get(call)
    if (kind === 'ring') {
      this.#ring(from, to, call, openJSON(frame.body) as BodyOf['ring'])
      return
    }
    const ref = frame.id ?? ''
    if (talk === undefined) {
      from.phone.hub.send({ kind: 'error', body: { ref, code: 'call_gone', text: '' } })
      return
    }
    if (passed.includes(kind)) {
      if (talk.running) to.phone.hub.raw({ ...frame, from: { account: from.account, device }, seq: to.phone.hub.next() })
      return
    }
    if (kind === 'relay') {
      from.phone.hub.send({ kind: 'servers', call, body: { servers } })
      return
    }
    from.phone.hub.send({ kind: 'ok', body: { ref } })
    if (kind === 'ringing') to.phone.hub.send({ kind: 'progress', call, body: {} })
    if (kind === 'decline') this.#end(call, (openJSON(frame.body) as BodyOf['decline']).busy === true ? 'busy' : 'declined')
    if (kind === 'hangup') this.#end(call, talk.running ? 'hangup' : 'cancelled')
    if (kind === 'answer' && !talk.running) this.#answer(from, to, call, talk, openJSON(frame.body) as BodyOf['answer'])
  }

  #ring(from: Line, to: Line, call: CallId, ring: BodyOf['ring']): void {
    if ([...this.#talks.values()].some((t) => !t.running && t.caller === to)) {
      from.phone.hub.send({ kind: 'ended', call, body: { reason: 'glare' } })
      return
    }
    this.#talks.set(call, { caller: from, ring, running: false })
    from.phone.hub.send({ kind: 'calling', call, body: { servers, ring_seconds: 45 } })
    to.phone.hub.send({ kind: 'incoming', call, from: { account: from.account, device }, body: { ...ring, servers, ring_seconds: 45 } })
  }

  #answer(callee: Line, caller: Line, call: CallId, talk: Talk, { media, sealed }: BodyOf['answer']): void {
    talk.running = true
    callee.phone.hub.send({ kind: 'answered', call, body: { media, peer: { account: caller.account, device } } })
    caller.phone.hub.send({
      kind: 'answered',
      call,
      body: { media, peer: { account: callee.account, device }, ...(sealed === undefined ? {} : { sealed }) },
    })
  }

  #end(call: CallId, reason: Reason): void {
    this.#talks.delete(call)
    for (const { phone } of this.#lines) phone.hub.send({ kind: 'ended', call, body: { reason } })
  }
}
