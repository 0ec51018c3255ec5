/**
 * A simulated host for the real manager: processes, ports, disk and backends that live in virtual time. It outlives the
 * simulated daemons, as the real things do.
 */
import type { SlotRecord } from '../../../src/contract/slot.ts'
import type { SlotConfig } from '../../../src/contract/slot-config.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { LaunchPlan } from '../../../src/providers/provider.ts'
import type { ConfigPatch, StoredConfig } from '../../../src/slots/config/sections.ts'
import type { CrashTimes } from '../../../src/slots/machine/machine.ts'
import { noModel } from '../../../src/slots/machine/slot-errors.ts'
import { SlotManager } from '../../../src/slots/manager.ts'
import { PortAllocator } from '../../../src/slots/ports/port-allocator.ts'
import type { Probe } from '../../../src/slots/run/effects/probe.ts'
import type { Planner } from '../../../src/slots/run/planner.ts'
import type { ExitReport } from '../../../src/system/supervisor.ts'
import { initialConfig, sections } from '../../support/slot-config.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { SimulatedPulls } from './simulated-pulls.ts'
import { SimulatedSupervisor } from './simulated-supervisor.ts'

export interface SimulatedProcess {
  name: string
  pid: number
  startedAt: number
  onExit: ((exit: ExitReport) => void) | null
  /** Virtual time at which it answers with 503, and at which it is loaded; Infinity: never. */
  answersAt: number
  readyAt: number
  ignoresTerm: boolean
}

/** How the next backend behaves. */
export interface Behaviour {
  spawn: 'ok' | 'fails' | 'hangs'
  answersAfter: number
  readyAfter: number
  ignoresTerm: boolean
}

export const wellBehaved: Behaviour = { spawn: 'ok', answersAfter: 5, readyAfter: 50, ignoresTerm: false }

export const killed: ExitReport = { exitCode: null, signal: 'SIGKILL', outOfMemory: false, lastLines: ['killed'] }

export class SimulatedHost {
  readonly clock = new SimulatedClock()
  readonly processes = new Map<number, SimulatedProcess>()
  readonly configs = new Map<string, StoredConfig>()
  readonly disk = new Map<string, string>()
  /** Every record that reached the disk, in order. */
  readonly written: SlotRecord[] = []
  /** Every record that was announced, in order, with what the disk held at that moment. */
  readonly announced: { json: string; onDisk: string | undefined }[] = []
  readonly models = new Set(['a', 'b'])
  readonly swaps = new Map<string, { to: string }>()
  readonly crashes = new Map<string, CrashTimes>()
  readonly keys = new Map<string, string>()
  behaviour: Behaviour = wellBehaved
  diskFails = false
  /** No slot's folder can be removed. */
  folderStays = false
  configFolder: 'there' | 'missing' = 'there'
  /** Slots whose record is lost. */
  readonly damaged = new Set<string>()
  /** How the supervisor answers a daemon that starts. */
  adopting: 'ok' | 'fails' | 'hangs' = 'ok'
  /** How the supervisor answers when a backend is to be stopped. */
  stopping: 'ok' | 'fails' = 'ok'
  /** How loaded backends answer their health probe. */
  health: (end: AbortSignal) => Promise<boolean> = async () => true
  /** How the last process of a slot ended, until it is stopped or another one is started. */
  readonly ended = new Map<string, ExitReport>()
  bootId = 'boot-1'
  readonly pulls: SimulatedPulls
  mostProcessesOfOneSlot = 0
  manager: SlotManager
  /** Set while a daemon lives; what a dead daemon still tries to do has no effect. */
  #daemon = { alive: true }
  #supervisor: SimulatedSupervisor
  #lastPid = 100
  #configChanged = (): void => {}

  constructor() {
    this.pulls = new SimulatedPulls(this.clock, (model) => this.models.add(model))
    this.#supervisor = new SimulatedSupervisor(this)
    this.manager = this.#makeManager(this.#daemon)
  }

  /** Starts a new daemon over whatever the disk and the process table hold. */
  async startDaemon(): Promise<void> {
    this.#daemon = { alive: true }
    this.#supervisor = new SimulatedSupervisor(this)
    this.manager = this.#makeManager(this.#daemon)
    await this.manager.open()
  }

  /** kill -9 of the daemon: the backends keep running, and nobody listens to them. */
  killDaemon(): void {
    this.#daemon.alive = false
    this.clock.forgetTimers()
    this.pulls.forget()
    this.#supervisor.close()
  }

  /** Power loss: everything but the disk is gone. */
  reboot(): void {
    this.killDaemon()
    this.processes.clear()
    this.ended.clear()
    this.bootId = `boot-${Number(this.bootId.slice(5)) + 1}`
  }

  /** Somebody edits the slot's file by hand; null removes it. */
  editByHand(name: string, changes: Partial<StoredConfig> | null): void {
    if (changes === null) this.configs.delete(name)
    else this.configs.set(name, { ...(this.configs.get(name) ?? initialConfig(name)), ...changes })
    this.#configChanged()
  }

  processesOf(name: string): SimulatedProcess[] {
    return [...this.processes.values()].filter((one) => one.name === name)
  }

  end(pid: number, exit: ExitReport = killed): void {
    const process = this.processes.get(pid)
    if (process === undefined) return
    this.processes.delete(pid)
    this.ended.set(process.name, exit)
    process.onExit?.(exit)
  }

  /** The slot's record is lost; what was there before does not count as new. */
  loseRecord(name: string): void {
    this.disk.delete(name)
    this.damaged.add(name)
  }

  record(name: string): SlotRecord {
    return JSON.parse(this.disk.get(name) ?? 'null') as SlotRecord
  }

  /** Executes the next backend of a slot. */
  spawn(name: string): SimulatedProcess {
    const { answersAfter, readyAfter, ignoresTerm } = this.behaviour
    const now = this.clock.now()
    const pid = ++this.#lastPid
    const process: SimulatedProcess = {
      name,
      pid,
      startedAt: this.clock.wall(),
      onExit: null,
      answersAt: now + answersAfter,
      readyAt: now + Math.max(answersAfter, readyAfter),
      ignoresTerm,
    }
    this.processes.set(pid, process)
    this.ended.delete(name)
    this.mostProcessesOfOneSlot = Math.max(this.mostProcessesOfOneSlot, this.processesOf(name).length)
    return process
  }

  #probe(daemon: { alive: boolean }): Probe {
    const watch: Probe['watch'] = (target, reports) => {
      const process = this.processesOf(target.name)[0]
      const ends: (() => void)[] = []
      const at = (time: number, tell: () => void) => {
        if (Number.isFinite(time)) {
          ends.push(this.clock.setTimer(time - this.clock.now(), () => daemon.alive && tell()))
        }
      }
      if (process !== undefined) {
        at(process.answersAt, reports.answered)
        at(process.readyAt, reports.ready)
      }
      return () => {
        for (const end of ends) end()
      }
    }
    return { watch, isAlive: (_port, _request, end) => this.health(end) }
  }

  #planner(): Planner {
    const plan = (config: SlotConfig): LaunchPlan => ({
      spec: { name: config.name, argv: ['/bin/backend'], env: {}, cwd: '/' },
      opensPortLate: false,
      readiness: { method: 'GET', path: '/v1/models', judge: () => ({ kind: 'ok' }) },
      sentinels: [],
      stopGraceMs: 2000,
    })
    return {
      obstacle: (config) => {
        if (config.model === null) return noModel(config.name)
        if (this.pulls.knows(config.model)) return null
        return this.models.has(config.model) ? null : new Hal0Error('model.not_found', 'There is no such model.')
      },
      lessMemory: () => 'or less context',
      missing: ({ model }) => (model !== null && !this.models.has(model) && this.pulls.knows(model) ? model : null),
      plan: async (config) => plan(config),
      watchPlan: async (config) => plan(config),
      recognise: () => null,
      check: () => {},
      mode: ({ mode }) => mode ?? 'chat',
      abilities: () => ({ capabilities: [], contextLength: null }),
      backend: () => ({
        dialects: ['openai'],
        withheldHeaders: new Set(),
        keyVariable: 'KEY',
        keepsStreams: false,
        onHangUp: 'abort',
      }),
      otherModels: () => [],
      ranOutOfMemory: () => false,
      causeOf: () => null,
    }
  }

  async #mayWrite(daemon: { alive: boolean }): Promise<void> {
    await Promise.resolve()
    if (!daemon.alive) return new Promise(() => {})
    if (this.diskFails) throw new Hal0Error('storage.full', 'The disk is full.')
  }

  #makeManager(daemon: { alive: boolean }): SlotManager {
    const { clock, configs, disk } = this
    const supervisor = this.#supervisor
    const manager = new SlotManager({
      clock,
      bootId: this.bootId,
      supervisor,
      planner: this.#planner(),
      pulls: this.pulls,
      sections,
      probe: this.#probe(daemon),
      configs: {
        folder: '/etc/hal0/slots',
        names: async () => {
          if (!daemon.alive) return new Promise(() => {})
          return this.configFolder === 'missing' ? null : [...configs.keys()].sort()
        },
        folderStamp: () => [...configs.keys()].sort().join(' '),
        read: async (name) => configs.get(name) ?? null,
        stamp: async (name) => JSON.stringify(configs.get(name)) ?? null,
        watch: (onChange) => {
          this.#configChanged = onChange
          return { renew: async () => {}, close: () => {}, everyMs: 3_600_000 }
        },
        write: async (name: string, changes: ConfigPatch) => {
          if (!daemon.alive) return new Promise(() => {})
          configs.set(name, sections.merged(configs.get(name) ?? initialConfig(name), changes))
        },
        remove: async (name) => {
          configs.delete(name)
        },
      },
      records: {
        names: async () => [...disk.keys()],
        read: async (name) => {
          const json = disk.get(name)
          if (json === undefined) return { kind: 'none', isNew: !this.damaged.delete(name) }
          return { kind: 'kept', record: JSON.parse(json) as SlotRecord, json }
        },
        save: async (name, json) => {
          await this.#mayWrite(daemon)
          // A record that is put back after a refused load is not a transition.
          if (disk.get(name) === json) return
          disk.set(name, json)
          this.written.push(JSON.parse(json) as SlotRecord)
        },
        deleted: {
          take: async (name) => {
            if (this.folderStays) throw new Hal0Error('storage.failed', 'The folder cannot be removed.')
            disk.delete(name)
            return async () => {}
          },
          sweep: async () => [],
        },
      },
      history: { read: async () => ({}), write: async () => {} },
      swaps: {
        read: async (name) => this.swaps.get(name) ?? null,
        write: async (name, swap) => {
          await this.#mayWrite(daemon)
          this.swaps.set(name, swap)
        },
        remove: async (name) => {
          if (daemon.alive) this.swaps.delete(name)
        },
      },
      keys: {
        read: async (name) => this.keys.get(name) ?? null,
        write: async (name, key) => {
          await this.#mayWrite(daemon)
          this.keys.set(name, key)
        },
      },
      crashes: {
        read: async (name) => this.crashes.get(name) ?? [],
        write: async (name, at) => {
          if (daemon.alive) this.crashes.set(name, at)
        },
      },
      ports: new PortAllocator({ first: 8081, last: 8099 }, new Set(), supervisor),
    })
    manager.signals.subscribe((signal) => {
      if (signal.kind === 'record' && daemon.alive)
        this.announced.push({ json: signal.json, onDisk: disk.get(signal.name) })
    })
    return manager
  }
}
