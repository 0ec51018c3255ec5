/** All slots: creates, finds, commands and deletes them. What a slot does is its owner's business. */
import type { Slot, SlotCreate, SlotPatch } from '../contract/slot-config.ts'
import type { Status } from '../contract/system.ts'
import { Bus } from '../lib/async/bus.ts'
import { Mutex } from '../lib/async/mutex.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import type { LogFrom, TakeLog } from '../system/supervisor.ts'
import { checkAliases, checkName } from './conflicts.ts'
import { Deletions } from './deletions.ts'
import { type Goal, reach } from './goal.ts'
import { runningModels, usersOfModel } from './model-use.ts'
import { Reconciliation } from './reconciliation.ts'
import { Roster } from './roster.ts'
import type { Lease, LoadView, Requester, SlotView } from './run/lease.ts'
import type { SlotCommand, SlotService, SlotSignal } from './service.ts'
import { type Entry, SlotOwners, type SlotOwnersDeps } from './slot-owners.ts'
import { problemsOfSlots } from './slot-problems.ts'
import type { SlotConfigStore } from './store/config-store.ts'
import { refuseHopeless, type SwapDeps, Swaps } from './swaps.ts'

/** A request for a slot whose file was just written waits this long for it: it would be answered with 404 otherwise. */
const newSlotLimitMs = 5000

export interface ManagerDeps extends Omit<SlotOwnersDeps, 'signals' | 'configs'>, SwapDeps {
  configs: Pick<SlotConfigStore, 'folder' | 'folderStamp' | 'names' | 'read' | 'stamp' | 'write' | 'remove' | 'watch'>
}

const goals: Readonly<Record<SlotCommand['do'], Goal>> = {
  load: 'loaded',
  restart: 'loaded',
  swap: 'loaded',
  unload: 'offline',
  cancel: 'offline',
  acknowledge: 'offline',
}

export class SlotManager implements SlotService {
  readonly signals = new Bus<SlotSignal>()
  readonly #deps: ManagerDeps
  readonly #owners: SlotOwners
  readonly #swaps: Swaps
  /** One creation, deletion or change of a port at a time, since they allocate names and ports. */
  readonly #changes = new Mutex()
  readonly #reconciliation: Reconciliation
  readonly #roster: Roster
  readonly #deletions: Deletions

  constructor(deps: ManagerDeps) {
    this.#deps = deps
    this.#owners = new SlotOwners({ ...deps, signals: this.signals })
    this.#swaps = new Swaps(this.#owners, deps)
    this.#reconciliation = new Reconciliation(deps.clock)
    const { configs, records, clock, supervisor } = deps
    const shared = { owners: this.#owners, configs, records, signals: this.signals }
    this.#deletions = new Deletions({ ...shared, supervisor })
    this.#roster = new Roster({ ...shared, reconciliation: this.#reconciliation, changes: this.#changes, clock })
  }

  /** Takes over every slot in its current state; call it once, before anything else. */
  async open(): Promise<void> {
    await this.#deletions.sweep()
    await this.#roster.open()
    // A disk that hangs holds up only its own slot.
    for (const entry of this.#owners.all()) void this.#swaps.finish(entry)
  }

  /** Sentences about slots with a broken file or a failing disk. */
  problems(): string[] {
    return [
      ...this.#roster.problems(),
      ...this.#deps.supervisor.problems(),
      ...this.#reconciliation.problems(),
      ...this.#deletions.problems(),
      ...problemsOfSlots(this.#owners.all(), this.#deps.planner),
    ]
  }

  /** Every slot in one line, ordered by name. */
  overview(): Status['slots'] {
    return this.#owners.all().map(({ owner }) => {
      const { name, state, model, capture } = owner.view()
      return { name, state, model, port: owner.record.port, capture }
    })
  }

  records(): { name: string; json: string }[] {
    return this.#owners.all().flatMap(({ owner }) => {
      const json = owner.writer.durable
      return json === null ? [] : [{ name: owner.config.name, json }]
    })
  }

  views(): readonly SlotView[] {
    const views: SlotView[] = []
    for (const owner of this.#owners.owners()) views.push(owner.view())
    return views
  }

  /** Slots that may have a backend, with the ids of the models that it uses. */
  running(): { name: string; models: string[] }[] {
    return runningModels(this.#owners.all(), this.#deps.planner)
  }

  freshen(): Promise<void> | null {
    if (!this.#roster.isBehind) return null
    return this.#roster.freshen(newSlotLimitMs).catch((error: unknown) => {
      // The request is answered with what is known.
      log.warn('the folder of the slots could not be read', error)
    })
  }

  acquire(name: string, client: Requester, asked = name): Lease | Promise<Lease> {
    const entry = this.#owners.get(name)
    // A load may begin, with what its file says now.
    if (entry.owner.record.state !== 'offline') return entry.owner.acquire(client, asked)
    return this.#owners.follow(entry).then(() => this.#owners.get(name).owner.acquire(client, asked))
  }

  refusal(name: string, client: Partial<Requester> = {}): Hal0Error | null {
    return this.#owners.get(name).owner.refusal(client)
  }

  loading(name: string): LoadView | null {
    return this.#owners.has(name) ? this.#owners.get(name).owner.loading() : null
  }

  async list(): Promise<Slot[]> {
    await this.#roster.freshen()
    return this.#owners.all().map((entry) => this.#owners.slot(entry))
  }

  async usersOf(id: string): Promise<string[]> {
    await this.#roster.freshen()
    return usersOfModel(this.#owners.all(), this.#deps.planner, id)
  }

  async show(name: string): Promise<Slot> {
    const entry = await this.#entry(name)
    await this.#owners.refresh(entry)
    return this.#owners.slot(entry)
  }

  create(body: SlotCreate): Promise<Slot> {
    return this.#changes.run(async () => {
      const { name, ...settings } = body
      const { configs, ports, planner, sections } = this.#deps
      const patch = sections.patchOf(settings, null)
      checkName(name, this.#owners.others(name))
      await this.#roster.look()
      if (this.#owners.has(name) || (await configs.names())?.includes(name) === true) {
        throw new Hal0Error(
          'slot.exists',
          `There is already a slot ${name}. Choose another name, or edit it: hal0 slot edit ${name}`,
          {
            param: 'name',
            details: { slot: name },
          },
        )
      }
      const others = this.#owners.others(name)
      const initial = sections.merged(sections.initial(name), patch)
      checkAliases(initial, others)
      const taken = this.#owners.ports()
      const port =
        settings.port === undefined ? await ports.allocate(name, taken.keys()) : ports.claim(name, settings.port, taken)
      planner.check({ ...initial, port })
      // Removes what an interrupted deletion left: a new slot must not begin with an old one's record.
      await this.#deletions.clear(name)
      await configs.write(name, { ...patch, common: { name, ...patch.common, port } })
      const entry = await this.#owners.open(name)
      // Nothing of it can run yet, so the supervisor need not be asked.
      entry.owner.post({ kind: 'found', found: { kind: 'none' } })
      await entry.owner.writer.settled()
      return this.#owners.slot(entry)
    })
  }

  async edit(name: string, body: SlotPatch): Promise<Slot> {
    const entry = await this.#entry(name)
    const patch = this.#deps.sections.patchOf(body, entry.owner.config.provider)
    const { aliases, port, profiles } = patch.common
    const names = aliases !== undefined || profiles !== undefined
    const edit = () =>
      this.#owners.edit(entry, patch, (next) => {
        if (names) checkAliases(next, this.#owners.others(name))
        if (port != null) this.#deps.ports.claim(name, port, this.#owners.ports())
        this.#deps.planner.check(next)
      })
    await (port === undefined && !names ? edit() : this.#changes.run(edit))
    return this.#owners.slot(entry)
  }

  delete(name: string): Promise<void> {
    return this.#changes.run(async () => {
      if (!this.#owners.has(name)) await this.#roster.look()
      await this.#deletions.delete(name)
    })
  }

  async command(name: string, command: SlotCommand, waitS: number | null): Promise<Slot> {
    const entry = await this.#entry(name)
    const { owner } = entry
    let before = owner.record
    if (command.do === 'swap') {
      if (command.source !== undefined) await this.#deps.pulls.learn(command.model, command.source)
      await this.#swaps.begin(entry, command.model)
    } else {
      await this.#owners.refresh(entry)
      if (command.do === 'restart' && entry.configError === null)
        await refuseHopeless(owner.config, owner.record, this.#deps.planner)
      before = owner.record
      const refused = owner.post({ kind: command.do })
      if (refused !== null) throw refused
    }
    if (waitS !== null) await reach(owner, goals[command.do], { before, seconds: waitS }, this.#deps.clock)
    const state = await owner.accepted()
    return { ...this.#owners.slot(entry), state }
  }

  async logs(name: string, lines: number): Promise<string[]> {
    this.#owners.get(name)
    return this.#deps.supervisor.logs(name, lines)
  }

  followLogs(name: string, take: TakeLog, from: LogFrom): () => void {
    this.#owners.get(name)
    return this.#deps.supervisor.followLogs(name, take, from)
  }

  /** Lets the last records reach the disk, and ends timers and probes; the backends keep running. */
  async close(): Promise<void> {
    const entries = this.#owners.all()
    this.#roster.close()
    this.#reconciliation.close()
    await Promise.all(entries.map(({ owner }) => owner.writer.settled()))
    for (const { owner, endFrames } of entries) {
      endFrames()
      owner.close()
    }
  }

  /** Also finds a slot whose file was written a moment ago. @throws Hal0Error `slot.not_found` */
  async #entry(name: string): Promise<Entry> {
    if (!this.#owners.has(name)) await this.#roster.freshen()
    return this.#owners.get(name)
  }
}
