/**
 * The port to whatever keeps backend processes alive: detached children (`process`) or template units (`systemd`).
 * Both keep this contract and pass the same tests. The caller (a slot's owner) serialises `start` per name; `stop` may be called
 * at any time, even while a `start` of the same name hangs.
 */

import type { LogGap } from '../contract/slot.ts'

/** What to run. argv and env reach the program byte for byte; only the instance mark is added. */
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
 * Number of last lines of a dead backend. The line that says why is followed by a backtrace, of about eighty lines where an assertion
 * of an engine fails.
 */
export const lastLinesCount = 200

/** How a process ended. */
export interface ExitReport {
  /** null when it was ended by a signal, or when it is unknown. */
  exitCode: number | null
  /** e.g. 'SIGKILL'; null when it exited by itself, or when it is unknown. */
  signal: string | null
  /** The kernel's OOM killer ended it; `probably` if there is no counter for the slot alone. */
  outOfMemory: boolean | 'probably'
  /** The last lines it printed, oldest first, at most `lastLinesCount`. */
  lastLines: string[]
  /** Other processes of the slot are still running; a stop ends them. */
  remains?: true
}

/** What is known about a slot's process when the daemon starts. */
export type Found =
  | {
      kind: 'running'
      process: RunningProcess
      /** Its command line, which may differ from the one that it was started with; null when it may not be read. */
      argv: string[] | null
    }
  /** There was one in this boot, and it has ended; processes that remain are not watched. */
  | { kind: 'ended'; exit: ExitReport }
  /** The record is from another boot of the host (or of the container), so nothing of it is left. */
  | { kind: 'rebooted' }
  /** No record and no process: none was ever started, or it was stopped and cleaned up. */
  | { kind: 'none' }

/** Who listens on a port that 127.0.0.1 reaches. */
export type PortOwner =
  | { kind: 'none' }
  | { kind: 'own' }
  | { kind: 'other'; pid: number | null; command: string | null }

/** A line, or a gap where lines are missing. */
export type LogEntry = string | LogGap

export interface LogEvent {
  /** With this id, a reader that reconnects says that it has everything up to here; null: it cannot. */
  id: string | null
  entry: LogEntry
}

/** Takes events in order. The next ones come once its promise has resolved: a slow reader does not delay others. */
export type TakeLog = (events: LogEvent[]) => void | Promise<void>

/** Where a reader begins: with this many of the last lines, or after the event with that id. */
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

  /** Looks for a process of this slot that an earlier daemon left, and watches it if there is one. Bounded in time. */
  adopt(name: string, onExit: (exit: ExitReport) => void): Promise<Found>

  /**
   * Sends SIGTERM to all processes of the slot, and SIGKILL after `graceMs`. Resolves when none is left (its onExit was called); at once
   * if none runs.
   * @throws Hal0Error `slot.stop_failed` when it survives SIGKILL for 10 s
   */
  stop(name: string, graceMs: number): Promise<void>

  /** Who owns the listener on `port` that a connection to 127.0.0.1 would reach; `own` when it belongs to the slot's processes. */
  portOwner(name: string, port: number): Promise<PortOwner>

  /** The last `lines` lines that the slot's backend printed, oldest first. */
  logs(name: string, lines: number): Promise<string[]>

  /**
   * Passes the output to `take`, from where the reader begins, and then everything printed from now on. Never throws. If an id is
   * unknown (or no longer known), a gap comes first.
   * @param from by default, only what is printed from now on
   * @returns a function that ends it
   */
  followLogs(name: string, take: TakeLog, from?: LogFrom): () => void

  /** Sentences about what does not work at present and is being retried. */
  problems(): string[]

  /** Forgets records and logs of a deleted slot. Nothing of it may be running. */
  forget(name: string): Promise<void>

  /** Stops watching; processes keep running. */
  close(): void
}
