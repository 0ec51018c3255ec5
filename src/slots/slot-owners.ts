/** Every slot with its owner; keeps the owners in step with the files on disk. */
import { isSlotName, type SlotRecord } from '../contract/slot.ts'
import type { Slot, SlotConfig } from '../contract/slot-config.ts'
import type { Bus } from '../lib/async/bus.ts'
import { Mutex } from '../lib/async/mutex.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import type { WholeConfig } from '../providers/provider.ts'
import { fileProblem } from './config/file-problem.ts'
import { handEditText } from './config/hand-edit.ts'
import type { ConfigPatch, Sections, StoredConfig } from './config/sections.ts'
import { initialRecord } from './machine/initial.ts'
import { portOfSlot, slotNotFound } from './machine/slot-errors.ts'
import type { PortAllocator } from './ports/port-allocator.ts'
import { tellProgress, tellQueue } from './progress.ts'
import { type OwnerDeps, SlotOwner } from './run/owner.ts'
import type { SlotSignal } from './service.ts'
import type { SlotConfigStore } from './store/config-store.ts'
import type { Damage, RecordStore } from './store/record-store.ts'

export interface SlotOwnersDeps extends Omit<OwnerDeps, 'save' | 'onDurable' | 'rivalry'> {
  configs: Pick<SlotConfigStore, 'read' | 'stamp' | 'write'>
  sections: Sections
  records: RecordStore
  ports: PortAllocator
  signals: Bus<SlotSignal>
}

export interface Entry {
  owner: SlotOwner
  /** One edit of the configuration at a time, so that no stale read overtakes a write. */
  edits: Mutex
  /** Only one swap is accepted at a time. */
  swaps: Mutex
  /** Ends the frames between its transitions. */
  endFrames: () => void
  /** Why the file cannot be used; null when it can. */
  configError: Hal0Error | null
  /** The file's stamp when it was last read. */
  stamp: string | null
  /** What was wrong with the slot's record at the start; null when nothing was. */
  damage: Damage | null
  /** What its file has that is likely a mistake: ends of sentences. */
  oddities: readonly string[]
}

export class SlotOwners {
  readonly #deps: SlotOwnersDeps
  readonly #entries = new Map<string, Entry>()

  constructor(deps: SlotOwnersDeps) {
    this.#deps = deps
  }

  /** @throws Hal0Error `slot.not_found` */
  get(name: string): Entry {
    const entry = isSlotName(name) ? this.#entries.get(name) : undefined
    if (entry === undefined) throw slotNotFound(name, [...this.#entries.keys()].sort())
    return entry
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  /** Ordered by name. */
  all(): Entry[] {
    return [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
  }

  /** In no order, for the dispatcher's hot path. */
  owners(): Iterable<SlotOwner> {
    return this.#owners
  }

  /** Which slot has which port, including the ports of backends that were started before an edit. */
  ports(): Map<number, string> {
    const all = this.all().map(({ owner }) => owner)
    return new Map([
      ...all.map(({ config }) => [config.port, config.name] as const),
      ...all.filter(({ isAtRest }) => !isAtRest).map(({ record }) => [record.port, record.name] as const),
    ])
  }

  /** The configurations of all slots but `name`. */
  others(name: string): WholeConfig[] {
    return this.all().flatMap(({ owner: { config } }) => (config.name === name ? [] : [config]))
  }

  #rivalOf({ name, port }: SlotConfig): Hal0Error | null {
    const rival = this.#owners.find(({ record, isAtRest }) => record.name !== name && !isAtRest && record.port === port)
    return rival === undefined ? null : portOfSlot(name, port, rival.record.name)
  }

  slot(entry: Entry): Slot {
    const { planner, sections } = this.#deps
    const { config, record: state, queue } = entry.owner
    const problem = fileProblem(entry.configError, config, planner)
    const shown = { config: { ...sections.wire(config), mode: planner.mode(config) }, state, queue }
    return problem === undefined ? shown : { ...shown, problem }
  }

  /** Opens the slot `name` from its files. If its file cannot be used, the slot says so and cannot be loaded. */
  async open(name: string): Promise<Entry> {
    const { signals, records, ports, clock, bootId } = this.#deps
    const reading = await records.read(name)
    const kept = reading.kind === 'kept' ? reading : null
    const stamp = await this.#deps.configs.stamp(name)
    const { config: stored, error: unread } = await this.#read(name, this.#lastKnown(name, kept?.record))
    const port = stored.port ?? kept?.record.port ?? (await ports.allocate(name, this.ports().keys()))
    const { oddities = [], ...whole } = stored
    const config: WholeConfig = { ...whole, port }
    const error = unread ?? (stored.port === null ? await this.#keepPort(name, port) : null)
    const isLost = kept === null && !(reading.kind === 'none' && reading.isNew)
    const record = kept?.record ?? initialRecord(config, bootId, clock.wall(), isLost)
    const owner = new SlotOwner(record, kept?.json ?? null, config, {
      ...this.#deps,
      save: records.save,
      rivalry: (own) => this.#rivalOf(own),
      onDurable: (json) => signals.publish({ kind: 'record', name, json }),
    })
    owner.configure(config, error)
    const endProgress = tellProgress(owner, clock, (progress) => signals.publish({ kind: 'progress', progress }))
    const endQueue = tellQueue(owner, clock, (queue) => signals.publish({ kind: 'queue', queue }))
    const damage = reading.kind === 'damaged' ? reading.damage : null
    const entry: Entry = {
      owner,
      edits: new Mutex(),
      swaps: new Mutex(),
      endFrames: () => {
        endProgress()
        endQueue()
      },
      configError: error,
      stamp,
      damage,
      oddities,
    }
    this.#entries.set(name, entry)
    this.#changed()
    if (error === null && !config.capture) signals.publish({ kind: 'uncaptured', name })
    return entry
  }

  /** Like refresh, if the file may have changed since it was read. */
  async follow(entry: Entry): Promise<void> {
    if ((await this.#deps.configs.stamp(entry.owner.config.name)) !== entry.stamp) await this.refresh(entry)
  }

  /** Adopts what somebody wrote into the slot's file by hand. */
  async refresh(entry: Entry): Promise<void> {
    await entry.edits.run(async () => {
      const { name, port } = entry.owner.config
      entry.stamp = await this.#deps.configs.stamp(name)
      const before = entry.owner.config
      const { config, error } = await this.#read(name, before)
      this.#configure(entry, { ...config, port: config.port ?? port }, error)
      const text = handEditText(before, entry.owner.config)
      if (text !== null) log.info(text)
    })
  }

  /**
   * Changes the configuration, on disk first.
   * @param accept refuses by throwing, or rejecting
   * @throws Hal0Error `slot.not_found` when the slot was deleted meanwhile
   */
  async edit(entry: Entry, patch: ConfigPatch, accept: (next: WholeConfig) => void | Promise<void>): Promise<void> {
    await entry.edits.run(async () => {
      const { name, port } = entry.owner.config
      if (this.#entries.get(name) !== entry) throw slotNotFound(name, [...this.#entries.keys()].sort())
      const { config, error } = await this.#read(name, entry.owner.config)
      // The patch may repair a file that cannot be read as it is; the next read will show.
      const next = { ...this.#deps.sections.merged(config, patch), port: patch.common.port ?? config.port ?? port }
      await accept(next)
      await this.#deps.configs.write(name, patch)
      // The file may already have another provider's section.
      if (error === null && next.provider === config.provider) this.#configure(entry, next, null)
      else {
        const again = await this.#read(name, entry.owner.config)
        this.#configure(entry, { ...again.config, port: again.config.port ?? port }, again.error)
      }
    })
  }

  /** Forgets a slot that its owner has agreed to delete. */
  drop(name: string): void {
    const entry = this.get(name)
    entry.endFrames()
    entry.owner.close()
    this.#entries.delete(name)
    this.#changed()
  }

  #owners: SlotOwner[] = []

  #changed(): void {
    this.#owners = [...this.#entries.values()].map(({ owner }) => owner)
  }

  /** @returns why the allocated port cannot be stored: the slot exists all the same, since something of it may run */
  async #keepPort(name: string, port: number): Promise<Hal0Error | null> {
    try {
      await this.#deps.configs.write(name, { common: { name, port }, section: {} })
      return null
    } catch (error) {
      return Hal0Error.from(error)
    }
  }

  /** The configuration to assume for a slot whose file cannot be read. */
  #lastKnown(name: string, record: SlotRecord | undefined): StoredConfig {
    const { sections } = this.#deps
    if (record === undefined) return sections.initial(name)
    const provider = sections.all.find((one) => one.provider === record.provider)?.provider
    return { ...sections.initial(name, provider), model: record.model, port: record.port }
  }

  #configure(
    entry: Entry,
    { oddities = [], ...config }: WholeConfig & Pick<StoredConfig, 'oddities'>,
    error: Hal0Error | null,
  ): void {
    const { name, capture } = entry.owner.config
    entry.configError = error
    entry.oddities = oddities
    entry.owner.configure(config, error)
    if (capture && !config.capture) this.#deps.signals.publish({ kind: 'uncaptured', name })
  }

  async #read(
    name: string,
    last: StoredConfig = this.#deps.sections.initial(name),
  ): Promise<{ config: StoredConfig; error: Hal0Error | null }> {
    try {
      const config = await this.#deps.configs.read(name)
      if (config !== null) return { config, error: null }
      const error = new Hal0Error(
        'config.invalid',
        `The configuration file of slot ${name} is gone. Put it back, or remove the slot: hal0 slot rm ${name}`,
      )
      return { config: last, error }
    } catch (thrown) {
      const error = Hal0Error.from(thrown)
      log.warn(error.message)
      return { config: last, error }
    }
  }
}
