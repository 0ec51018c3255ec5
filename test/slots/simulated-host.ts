/**
 * A simulated host for the real manager: processes, ports, disk and backends that live in virtual time. It outlives the
 * simulated daemons, as the real things do.
 */
import type { SlotConfig, SlotPatch, SlotRecord } from '../../src/contract/slot.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import type { LaunchPlan } from '../../src/providers/provider.ts'
import { initialConfig, type StoredConfig } from '../../src/slots/initial.ts'
import { SlotManager } from '../../src/slots/manager.ts'
import type { Planner } from '../../src/slots/planner.ts'
import { PortAllocator } from '../../src/slots/port-allocator.ts'
import type { Probe } from '../../src/slots/probe.ts'
import { noModel } from '../../src/slots/slot-errors.ts'
import type { ExitReport, Found, LaunchSpec, RunningProcess, Supervisor } from '../../src/system/supervisor.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { SimulatedPulls } from './simulated-pulls.ts'

interface SimulatedProcess {
  name: string
  pid: number
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

const killed: ExitReport = { exitCode: null, signal: 'SIGKILL', outOfMemory: false, lastLines: ['killed'] }

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
  behaviour: Behaviour = wellBehaved
  diskFails = false
  configFolder: 'there' | 'missing' = 'there'
  /** Slots whose record is lost. */
  readonly damaged = new Set<string>()
  /** How the supervisor answers a daemon that starts. */
  adopting: 'ok' | 'fails' | 'hangs' = 'ok'
  bootId = 'boot-1'
  readonly pulls: SimulatedPulls
  mostProcessesOfOneSlot = 0
  manager: SlotManager
  /** Set while a daemon lives; what a dead daemon still tries to do has no effect. */
  #daemon = { alive: true }
  #lastPid = 100
  #configChanged = (): void => {}

  constructor() {
    this.pulls = new SimulatedPulls(this.clock, (model) => this.models.add(model))
    this.manager = this.#makeManager(this.#daemon)
  }

  /** Starts a new daemon over whatever the disk and the process table hold. */
  async startDaemon(): Promise<void> {
    this.#daemon = { alive: true }
    this.manager = this.#makeManager(this.#daemon)
    await this.manager.open()
  }

  /** kill -9 of the daemon: backends live on, nobody listens to them. */
  killDaemon(): void {
    this.#daemon.alive = false
    this.clock.forgetTimers()
    this.pulls.forget()
    for (const process of this.processes.values()) process.onExit = null
  }

  /** Power loss: everything but the disk is gone. */
  reboot(): void {
    this.killDaemon()
    this.processes.clear()
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
    this.processes.delete(pid)
    process?.onExit?.(exit)
  }

  /** The slot's record goes; what was there before does not count as new. */
  loseRecord(name: string): void {
    this.disk.delete(name)
    this.damaged.add(name)
  }

  record(name: string): SlotRecord {
    return JSON.parse(this.disk.get(name) ?? 'null') as SlotRecord
  }

  #spawn(spec: LaunchSpec, onExit: (exit: ExitReport) => void): RunningProcess {
    const { answersAfter, readyAfter, ignoresTerm } = this.behaviour
    const now = this.clock.now()
    const pid = ++this.#lastPid
    this.processes.set(pid, {
      name: spec.name,
      pid,
      onExit,
      answersAt: now + answersAfter,
      readyAt: now + Math.max(answersAfter, readyAfter),
      ignoresTerm,
    })
    this.mostProcessesOfOneSlot = Math.max(this.mostProcessesOfOneSlot, this.processesOf(spec.name).length)
    return { pid, startedAt: this.clock.wall() }
  }

  #supervisor(daemon: { alive: boolean }): Supervisor {
    const stopping = new Set<string>()
    const guarded = (onExit: (exit: ExitReport) => void) => (exit: ExitReport) => {
      if (daemon.alive) onExit(exit)
    }
    return {
      kind: 'process',
      start: async (spec, onExit) => {
        const { spawn } = this.behaviour
        if (!daemon.alive) return new Promise(() => {})
        stopping.delete(spec.name)
        if (spawn === 'fails') throw new Hal0Error('slot.spawn_failed', 'The program could not be executed.')
        if (spawn === 'hangs') {
          await new Promise<void>((resolve) => this.clock.setTimer(10_000, resolve))
          throw new Hal0Error('slot.spawn_failed', 'The start did not return within 10 s.')
        }
        return this.#spawn(spec, guarded(onExit))
      },
      adopt: async (name, onExit): Promise<Found> => {
        if (this.adopting === 'hangs') return new Promise(() => {})
        if (this.adopting === 'fails') throw new Hal0Error('supervisor.failed', 'systemd did not answer.')
        const process = this.processesOf(name)[0]
        if (process === undefined) {
          const { state } = this.record(name) ?? { state: 'offline' }
          return state === 'starting' || state === 'offline' || state === 'error'
            ? { kind: 'none' }
            : { kind: 'ended', exit: killed }
        }
        process.onExit = guarded(onExit)
        return { kind: 'running', process: { pid: process.pid, startedAt: 0 }, argv: ['/bin/backend'] }
      },
      stop: (name, graceMs) =>
        new Promise((resolve) => {
          const processes = this.processesOf(name)
          for (const process of processes) {
            const after = process.ignoresTerm ? graceMs : 1
            this.clock.setTimer(after, () => {
              if (daemon.alive) this.end(process.pid)
              resolve()
            })
          }
          if (processes.length === 0) resolve()
        }),
      portOwner: async () => ({ kind: 'none' }),
      logs: async () => [],
      followLogs: () => () => {},
      problems: () => [],
      forget: async () => {},
      close: () => {},
    }
  }

  #probe(daemon: { alive: boolean }): Probe {
    return (target, reports) => {
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
      missing: ({ model }) => (model !== null && !this.models.has(model) && this.pulls.knows(model) ? model : null),
      plan: async (config) => plan(config),
      watchPlan: async (config) => plan(config),
      recognise: () => null,
      check: () => {},
      mode: ({ mode }) => mode ?? 'chat',
      ranOutOfMemory: () => false,
      causeOf: () => null,
    }
  }

  #makeManager(daemon: { alive: boolean }): SlotManager {
    const { clock, configs, disk } = this
    const supervisor = this.#supervisor(daemon)
    const manager = new SlotManager({
      clock,
      bootId: this.bootId,
      supervisor,
      planner: this.#planner(),
      pulls: this.pulls,
      probe: this.#probe(daemon),
      configs: {
        folder: '/etc/hal0/slots',
        names: async () => {
          if (!daemon.alive) return new Promise(() => {})
          return this.configFolder === 'missing' ? null : [...configs.keys()].sort()
        },
        read: async (name) => configs.get(name) ?? null,
        stamp: async (name) => JSON.stringify(configs.get(name)) ?? null,
        watch: (onChange) => {
          this.#configChanged = onChange
          return { renew: async () => {}, close: () => {}, everyMs: 3_600_000 }
        },
        write: async (name: string, changes: SlotPatch) => {
          const next: Record<string, unknown> = { ...(configs.get(name) ?? initialConfig(name)) }
          for (const [key, value] of Object.entries(changes)) next[key] = value
          configs.set(name, next as StoredConfig)
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
          await Promise.resolve()
          if (!daemon.alive) return new Promise(() => {})
          if (this.diskFails) throw new Hal0Error('storage.full', 'The disk is full.')
          // A record that is put back after a refused load is no transition.
          if (disk.get(name) === json) return
          disk.set(name, json)
          this.written.push(JSON.parse(json) as SlotRecord)
        },
        remove: async (name) => {
          disk.delete(name)
        },
      },
      history: { read: async () => ({}), write: async () => {} },
      ports: new PortAllocator({ first: 8081, last: 8099 }, new Set(), supervisor),
    })
    manager.signals.subscribe((signal) => {
      if (signal.kind === 'record' && daemon.alive)
        this.announced.push({ json: signal.json, onDisk: disk.get(signal.name) })
    })
    return manager
  }
}
