/**
 * The port to whatever keeps backend processes alive: detached children (`process`) or template units (`systemd`).
 * Both keep this contract and pass the same tests. The caller (a slot's owner) serialises `start` per name; `stop` may be
 * called at any time, also while a `start` of the same name hangs.
 */

import type { LogGap } from '../contract/slot.ts'

/** What to run. argv and env reach the program byte for byte; nothing is added but the instance mark. */
export interface LaunchSpec {
  /** Slot name. */
  name: string
  /** argv[0] is the absolute path of the program. */
  argv: string[]
  /** The complete environment of the child. */
  env: Record<string, string>
  cwd: string
}

/** A running backend. */
export interface RunningProcess {
  pid: number
  /** Milliseconds since the Unix epoch at which the process was started. */
  startedAt: number
}

/**
 * Of a dead backend: the line that says why is followed by those of everybody who had called it, some eighty where an assertion of
 * llama.cpp prints where it was.
 */
export const lastLinesCount = 200

/** How a process ended. */
export interface ExitReport {
  /** null when it was ended by a signal, or is unknown. */
  exitCode: number | null
  /** e.g. 'SIGKILL'; null when it exited by itself, or is unknown. */
  signal: string | null
  /** The kernel's OOM killer ended it; `probably` where nothing counts its kills for the slot alone. */
  outOfMemory: boolean | 'probably'
  /** The last lines it printed, oldest first, at most `lastLinesCount`. */
  lastLines: string[]
  /** Others of the slot's processes still run: a stop ends them. */
  remains?: true
}

/** What is known about a slot's process when the daemon starts. */
export type Found =
  | {
      kind: 'running'
      process: RunningProcess
      /** Its command line, which may be another than it was started with; null when it may not be read. */
      argv: string[] | null
    }
  /** There was one in this boot, and it has ended; what `remains` of it is not watched. */
  | { kind: 'ended'; exit: ExitReport }
  /** The record is from another boot of the host (or of the container): nothing of it is left. */
  | { kind: 'rebooted' }
  /** No record and no process: none was ever started, or it was stopped and tidied up. */
  | { kind: 'none' }

/** Who listens on a port that 127.0.0.1 reaches. */
export type PortOwner =
  | { kind: 'none' }
  | { kind: 'own' }
  | { kind: 'other'; pid: number | null; command: string | null }

/** A line, or what stands where some are missing. */
export type LogEntry = string | LogGap

export interface LogEvent {
  /** By which a reader that comes back says that it has this and all before it; null: it cannot. */
  id: string | null
  entry: LogEntry
}

/** Takes events in their order. The next ones come once its promise has resolved: a slow reader holds nobody else up. */
export type TakeLog = (events: LogEvent[]) => void | Promise<void>

/** Where a reader begins: so many of the last lines come first, or what follows on the event of that id. */
export type LogFrom = { lines: number } | { after: string }

export interface Supervisor {
  readonly kind: 'process' | 'systemd'

  /**
   * Starts the backend, detached from the daemon, and returns as soon as it was executed.
   * @param onExit called once, within 250 ms of the death of this process, however it dies; where a stop ends it, once nothing
   *   of the slot is left
   * @throws Hal0Error `slot.spawn_failed`, `storage.full`, `storage.failed`, `slot.load_cancelled` when a stop came first,
   *   `slot.stop_failed` when what an earlier run left cannot be ended; then nothing of it is running and onExit is never called
   */
  start(spec: LaunchSpec, onExit: (exit: ExitReport) => void): Promise<RunningProcess>

  /** Looks for a process of this slot left by an earlier daemon, and watches it when there is one. Bounded in time. */
  adopt(name: string, onExit: (exit: ExitReport) => void): Promise<Found>

  /**
   * SIGTERM to everything of the slot, SIGKILL after `graceMs`. Resolves when nothing of it is left (its onExit was called);
   * resolves at once when nothing runs.
   * @throws Hal0Error `slot.stop_failed` when it survives SIGKILL for 10 s
   */
  stop(name: string, graceMs: number): Promise<void>

  /** Who owns the listener on `port` that a connection to 127.0.0.1 would reach; `own` when it belongs to the slot's processes. */
  portOwner(name: string, port: number): Promise<PortOwner>

  /** The last `lines` lines that the slot's backend printed, oldest first. */
  logs(name: string, lines: number): Promise<string[]>

  /**
   * Gives `take` what was printed, from where the reader begins, then all that is printed from now on; never throws. Where an id
   * means nothing (any more), a gap comes first.
   * @param from default: what is printed from now on
   * @returns the function that ends it
   */
  followLogs(name: string, take: TakeLog, from?: LogFrom): () => void

  /** Sentences about what does not work at present and is tried again. */
  problems(): string[]

  /** Forgets records and logs of a deleted slot. Nothing of it may be running. */
  forget(name: string): Promise<void>

  /** Stops watching; processes go on. */
  close(): void
}
