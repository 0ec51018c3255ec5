/** An in-memory SlotService: it keeps what it is given and says it on its bus, without processes or disk. */
import type { SlotRecord } from '../../../src/contract/slot.ts'
import type { Slot, SlotCreate, SlotPatch } from '../../../src/contract/slot-config.ts'
import { Bus } from '../../../src/lib/async/bus.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { Lease, SlotView } from '../../../src/slots/run/lease.ts'
import type { SlotCommand, SlotService, SlotSignal } from '../../../src/slots/service.ts'
import type { LogFrom, TakeLog } from '../../../src/system/supervisor.ts'
import { wireConfig } from '../../support/slot-config.ts'

export const recordOf = (name: string, changes: Partial<SlotRecord> = {}): SlotRecord => ({
  name,
  state: 'offline',
  since: '2026-01-02T03:04:05.678Z',
  seq: 1,
  model: 'tiny',
  provider: 'llama.cpp',
  port: 8081,
  unit: `hal0-slot@${name}.service`,
  pid: null,
  boot_id: null,
  reason: null,
  pull: null,
  error: null,
  intent: null,
  ...changes,
})

export class FakeSlots implements SlotService {
  readonly signals = new Bus<SlotSignal>()
  readonly commands: { name: string; command: SlotCommand; waitS: number | null }[] = []
  readonly followers = new Map<string, Set<TakeLog>>()
  readonly #slots = new Map<string, Slot>()

  add(name: string, record: Partial<SlotRecord> = {}, config: SlotPatch = {}): void {
    this.#slots.set(name, {
      config: wireConfig({ name, model: 'tiny', ...config }),
      state: recordOf(name, record),
      queue: { in_flight: 0, waiting: 0, oldest_s: null, expected_wait_s: null },
    })
  }

  /** A transition. */
  become(name: string, changes: Partial<SlotRecord>): void {
    const slot = this.#get(name)
    slot.state = { ...slot.state, seq: slot.state.seq + 1, ...changes }
    this.signals.publish({ kind: 'record', name, json: JSON.stringify(slot.state) })
  }

  records(): { name: string; json: string }[] {
    return [...this.#slots.values()].map(({ state }) => ({ name: state.name, json: JSON.stringify(state) }))
  }

  async list(): Promise<Slot[]> {
    return [...this.#slots.values()]
  }

  async usersOf(id: string): Promise<string[]> {
    const uses = ({ config, state }: Slot) => [config.model, config.mmproj, state.model, state.pull].includes(id)
    return [...this.#slots.values()].filter(uses).map(({ config }) => config.name)
  }

  async show(name: string): Promise<Slot> {
    return this.#get(name)
  }

  async create(body: SlotCreate): Promise<Slot> {
    if (this.#slots.has(body.name)) throw new Hal0Error('slot.exists', `There is a slot "${body.name}" already.`)
    this.add(body.name, {}, body)
    return this.#get(body.name)
  }

  async edit(name: string, patch: SlotPatch): Promise<Slot> {
    const slot = this.#get(name)
    Object.assign(slot.config, patch)
    return slot
  }

  async delete(name: string): Promise<void> {
    this.#get(name)
    this.#slots.delete(name)
    this.signals.publish({ kind: 'deleted', name })
  }

  async command(name: string, command: SlotCommand, waitS: number | null): Promise<Slot> {
    const slot = this.#get(name)
    this.commands.push({ name, command, waitS })
    if (command.do === 'load') this.become(name, { state: waitS === null ? 'starting' : 'ready', port: 8081 })
    return slot
  }

  async logs(name: string, lines: number): Promise<string[]> {
    this.#get(name)
    return ['one', 'two', 'three'].slice(-lines)
  }

  followLogs(name: string, take: TakeLog, _from?: LogFrom): () => void {
    this.#get(name)
    const set = this.followers.get(name) ?? new Set()
    this.followers.set(name, set.add(take))
    return () => set.delete(take)
  }

  views(): SlotView[] {
    return []
  }

  freshen(): null {
    return null
  }

  refusal(): null {
    return null
  }

  loading(): null {
    return null
  }

  acquire(): Lease {
    throw new Error('the HTTP layer leases nothing')
  }

  #get(name: string): Slot {
    const slot = this.#slots.get(name)
    if (slot === undefined) throw new Hal0Error('slot.not_found', `There is no slot "${name}".`, { param: 'name' })
    return slot
  }
}
