import { signal } from '@preact/signals'
import { type Devices } from '@ringfence/sdk'

import { type DeviceList } from './ports.ts'

/** Machine tells which devices there are. */
export type Machine = Pick<DeviceList, 'devices' | 'watchDevices'>

const none: Devices = { microphones: [], cameras: [], speakers: [] }

/** CallDevices lists what one can change to in the middle of a call, and keeps the list true while it is watched. */
export class CallDevices {
  readonly list = signal<Devices>(none)
  readonly #machine: Machine | undefined
  #unwatch: (() => void) | undefined

  constructor(machine: Machine | undefined) {
    this.#machine = machine
  }

  watch(): void {
    this.#unwatch ??= this.#machine?.watchDevices(() => void this.#read())
    void this.#read()
  }

  stop(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
  }

  async #read(): Promise<void> {
    const found = await this.#machine?.devices().catch(() => undefined)
    if (found !== undefined) this.list.value = found
  }
}
