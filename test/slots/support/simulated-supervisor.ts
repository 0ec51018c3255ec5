/** The supervisor of one simulated daemon, with the contract of the real ones: it watches, starts and ends processes in virtual time. */
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type {
  ExitReport,
  Found,
  LaunchSpec,
  PortOwner,
  RunningProcess,
  Supervisor,
} from '../../../src/system/supervisor.ts'
import { killed, type SimulatedHost, type SimulatedProcess } from './simulated-host.ts'

type OnExit = (exit: ExitReport) => void

/** How long a start may hang, and how long a well-behaved process takes to end. */
const hangMs = 10_000
const endMs = 1

export class SimulatedSupervisor implements Supervisor {
  readonly kind = 'process'
  readonly #host: SimulatedHost
  readonly #watched = new Map<string, SimulatedProcess>()
  readonly #starting = new Map<string, { cancelled: boolean }>()
  #alive = true

  constructor(host: SimulatedHost) {
    this.#host = host
  }

  async start(spec: LaunchSpec, onExit: OnExit): Promise<RunningProcess> {
    const { name } = spec
    if (!this.#alive) return new Promise(() => {})
    this.#refuseSecond(name)
    const attempt = { cancelled: false }
    this.#starting.set(name, attempt)
    try {
      // Whatever an earlier run left is ended without asking.
      for (const { pid } of this.#host.processesOf(name)) this.#host.end(pid)
      await this.#launched()
      if (attempt.cancelled) throw this.#cancelled(name)
      const process = this.#host.spawn(name)
      this.#watch(process, onExit)
      return { pid: process.pid, startedAt: process.startedAt }
    } finally {
      if (this.#starting.get(name) === attempt) this.#starting.delete(name)
    }
  }

  async adopt(name: string, onExit: OnExit): Promise<Found> {
    if (this.#host.adopting === 'hangs') return new Promise(() => {})
    if (this.#host.adopting === 'fails') throw new Hal0Error('supervisor.failed', 'systemd did not answer.')
    this.#refuseSecond(name)
    const process = this.#host.processesOf(name)[0]
    if (process === undefined) {
      const exit = this.#host.ended.get(name)
      return exit === undefined ? { kind: 'none' } : { kind: 'ended', exit }
    }
    this.#watch(process, onExit)
    return { kind: 'running', process: { pid: process.pid, startedAt: process.startedAt }, argv: ['/bin/backend'] }
  }

  async stop(name: string, graceMs: number): Promise<void> {
    const attempt = this.#starting.get(name)
    if (attempt !== undefined) {
      attempt.cancelled = true
      this.#starting.delete(name)
    }
    if (this.#host.stopping === 'fails') {
      await this.#pass(endMs)
      throw new Hal0Error('supervisor.failed', 'systemd refused to stop the unit.')
    }
    const ends = this.#host.processesOf(name).map(async ({ pid, ignoresTerm }) => {
      await this.#pass(ignoresTerm ? graceMs : endMs)
      if (this.#alive) this.#host.end(pid, ignoresTerm ? killed : { ...killed, signal: 'SIGTERM' })
    })
    await Promise.all(ends)
    this.#host.ended.delete(name)
  }

  async portOwner(): Promise<PortOwner> {
    return { kind: 'none' }
  }

  async logs(): Promise<string[]> {
    return []
  }

  followLogs(): () => void {
    return () => {}
  }

  problems(): string[] {
    return []
  }

  async forget(name: string): Promise<void> {
    this.#host.ended.delete(name)
  }

  /** The daemon is gone: nothing that it still tries has an effect, and no death is reported. */
  close(): void {
    this.#alive = false
    for (const process of this.#watched.values()) process.onExit = null
  }

  #watch(process: SimulatedProcess, onExit: OnExit): void {
    const { name } = process
    this.#watched.set(name, process)
    process.onExit = (exit) => {
      this.#watched.delete(name)
      onExit(exit)
    }
  }

  async #launched(): Promise<void> {
    const { spawn } = this.#host.behaviour
    if (spawn === 'fails') throw new Hal0Error('slot.spawn_failed', 'The program could not be executed.')
    if (spawn === 'ok') return
    await this.#pass(hangMs)
    throw new Hal0Error('slot.spawn_failed', 'The start did not return within 10 s.')
  }

  #refuseSecond(name: string): void {
    if (!this.#watched.has(name) && !this.#starting.has(name)) return
    throw new Hal0Error('internal', `Slot ${name} already has a process; this is a defect of hal0.`)
  }

  #cancelled(name: string): Hal0Error {
    return new Hal0Error('slot.load_cancelled', `The start of slot ${name} was cancelled.`)
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.#host.clock.setTimer(ms, resolve))
  }
}
