/** The built-in supervisor: backends are detached children of the daemon, recognized by records on disk after its death. */
import { type Paths, slotDir } from '../paths.ts'
import { ControlGroup } from '../proc/control-group.ts'
import { type ProcStat, runningProcesses } from '../proc/stat.ts'
import type {
  ExitReport,
  Found,
  LaunchSpec,
  LogFrom,
  PortOwner,
  RunningProcess,
  Supervisor,
  TakeLog,
} from '../supervisor.ts'
import { SlotProcess } from './slot-process.ts'

const tickMs = 50

export interface ProcessSupervisorOptions {
  paths: Paths
  /** Size in bytes at which a backend's log is rotated; twice as much is kept on disk. Default 8 MiB. */
  logLimit?: number
  /** How long a process may survive SIGKILL before a stop fails, milliseconds. Default 10 s. */
  killLimitMs?: number
  /** Whether backends are put into control groups if possible. Default true. */
  mayGroup?: boolean
}

/**
 * Keeps `process.json`, `backend.log` and `backend.log.1` in each slot's data folder. A log grows without bound only while no
 * daemon runs. The end of an adopted process is noticed within about 50 ms, but its exit code is unknown.
 */
export class ProcessSupervisor implements Supervisor {
  readonly kind = 'process'
  readonly #options: Required<ProcessSupervisorOptions>
  readonly #slots = new Map<string, SlotProcess>()
  readonly #timer: ReturnType<typeof setInterval>

  constructor({ paths, logLimit = 8 << 20, killLimitMs = 10_000, mayGroup = true }: ProcessSupervisorOptions) {
    this.#options = { paths, logLimit, killLimitMs, mayGroup }
    if (mayGroup) ControlGroup.removeLeftovers()
    this.#timer = setInterval(() => {
      let processes: readonly ProcStat[] | null = null
      const look = () => (processes ??= runningProcesses())
      for (const slot of this.#slots.values()) slot.tick(look)
    }, tickMs)
    this.#timer.unref()
  }

  /**
   * @throws Hal0Error besides those of the port: `slot.load_cancelled` when a stop comes in between, `slot.stop_failed` when
   * processes of an earlier run cannot be ended
   */
  start(spec: LaunchSpec, onExit: (exit: ExitReport) => void): Promise<RunningProcess> {
    return this.#slot(spec.name).start(spec, onExit)
  }

  adopt(name: string, onExit: (exit: ExitReport) => void): Promise<Found> {
    return this.#slot(name).adopt(onExit)
  }

  stop(name: string, graceMs: number): Promise<void> {
    return this.#slot(name).stop(graceMs)
  }

  portOwner(name: string, port: number): Promise<PortOwner> {
    return this.#slot(name).portOwner(port)
  }

  logs(name: string, lines: number): Promise<string[]> {
    return this.#slot(name).log.tail(lines)
  }

  followLogs(name: string, take: TakeLog, from?: LogFrom): () => void {
    return this.#slot(name).log.follow(take, from)
  }

  problems(): string[] {
    return []
  }

  async forget(name: string): Promise<void> {
    const slot = this.#slot(name)
    this.#slots.delete(name)
    slot.close()
    await slot.forget()
  }

  close(): void {
    clearInterval(this.#timer)
    for (const slot of this.#slots.values()) slot.close()
  }

  #slot(name: string): SlotProcess {
    let slot = this.#slots.get(name)
    if (slot === undefined) {
      const { paths, ...options } = this.#options
      slot = new SlotProcess({ name, folder: slotDir(paths, name), ...options })
      this.#slots.set(name, slot)
    }
    return slot
  }
}
