/** The vocabulary of the pure decider: what a slot's owner knows, what can happen to it, and what it wants done. */
import type { Priority } from '../../contract/caller.ts'
import type { PullFigures, SlotRecord, SlotState } from '../../contract/slot.ts'
import type { SlotConfig } from '../../contract/slot-config.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { Cause, Recognised } from '../../providers/provider.ts'
import type { ExitReport, PortOwner } from '../../system/supervisor.ts'
import type { ServiceTimes } from '../queue/expected-wait.ts'
import type { Waiting } from '../queue/turns.ts'

/** How long a request waited, milliseconds. */
export interface Waited {
  /** For the slot to load. */
  loadMs: number
  /** For a place at the loaded slot. */
  queueMs: number
}

/** What a request that finds a free place has waited. One object, since this happens at every request. */
export const noWait: Waited = { loadMs: 0, queueMs: 0 }

/** Everything that the owner of one slot knows. It is immutable: each decision makes a new one. */
export interface Machine {
  /** The latest transition; the disk follows. */
  record: SlotRecord
  /**
   * The record that accepts a command, while it is being written; null when there is none. It takes effect once it is durable. Until
   * then nothing else changes the state, so that a disk that refuses it leaves the slot as it was.
   */
  committing: SlotRecord | null
  /** What was requested while the beginning of a load was being committed. */
  meanwhile: 'nothing' | 'restart' | 'cancel'
  /** Reports and timers that came while a record was being committed, in order; they are handled once its outcome is known. */
  postponed: readonly Input[]
  /** Number of the current process; reports about an earlier one are stale. */
  attempt: number
  /** `unknown` until the supervisor has reported what an earlier daemon left. */
  process: 'unknown' | 'none' | 'launching' | 'running' | 'stopping'
  pid: number | null
  /** The error changes to offline once nothing runs any more. */
  acknowledged: boolean
  /** Monotonic milliseconds before which the load of `record.intent` does not begin; null: at once. */
  due: number | null
  /** How often in a row the process could not be stopped, and the last reason; null when nothing is wrong. */
  stopFailure: { tries: number; error: Hal0Error } | null
  /** Requests at the backend. */
  inFlight: number
  /** In the order of arrival. */
  waiting: readonly Waiting[]
  /** Whose turn it is: see Queue. */
  turns: readonly string[]
  /** How long requests have lately been at the backend; null: none has ended. */
  service: ServiceTimes | null
  /** Monotonic milliseconds at which the load under way began. */
  loadBegan: number | null
  /** Monotonic milliseconds at which the last request ended. */
  lastEnd: number
  /** A timer is set that ends `serving`. */
  lingering: boolean
  /** Monotonic milliseconds since which the backend owes its requests a byte; null: it never had one. */
  owesSince: number | null
  /** What the timer `stall` waits for: a byte of the backend, or an answer to its health probe. */
  watch: 'nothing' | 'silence' | 'health'
  /** Monotonic milliseconds of recent crashes, for `restart = "on-failure"`. */
  crashes: readonly number[]
  deleted: boolean
  /** No record of the slot could be read, and none was written since: it is not known yet whether something of it runs. */
  lost: boolean
}

export type Input =
  | { kind: 'load' }
  | { kind: 'unload' }
  | { kind: 'restart' }
  | { kind: 'acknowledge' }
  | { kind: 'cancel' }
  | { kind: 'delete' }
  /** Its files could not be removed: the slot stays. */
  | { kind: 'delete-failed' }
  /** The configuration changed. */
  | { kind: 'configured' }
  /** The record that was being committed is on disk, or could not be written. */
  | { kind: 'committed' }
  | { kind: 'commit-failed'; error: Hal0Error }
  | { kind: 'spawned'; attempt: number; pid: number }
  /** Nothing was started. */
  | { kind: 'launch-failed'; attempt: number; error: Hal0Error }
  /** The first answer on the port, or one second alive (spec §2.1, warming). */
  | { kind: 'answered'; attempt: number }
  | { kind: 'ready'; attempt: number }
  /** A silent backend has answered its health probe. */
  | { kind: 'healthy'; attempt: number }
  | { kind: 'probe-failed'; attempt: number; error: Hal0Error }
  | {
      kind: 'exited'
      attempt: number
      exit: ExitReport
      outOfMemory: ExitReport['outOfMemory']
      port: PortOwner
      cause?: Cause | null
    }
  /** The process survives SIGKILL, or the supervisor refused. */
  | { kind: 'stop-failed'; attempt: number; error: Hal0Error }
  /** `caller` and `priority` as in Waiting; without them it is an interactive one of nobody in particular. */
  | { kind: 'request'; id: number; asked?: string; caller?: string; priority?: Priority }
  /** A waiting request's client has gone. */
  | { kind: 'leave'; id: number }
  /** A request at the backend has ended. `since`: when it got its place, monotonic milliseconds. */
  | { kind: 'release'; id: number; since?: number }
  /** Outcomes of the pull that this attempt asked for: the model has arrived, the pull failed, or somebody cancelled it. */
  | { kind: 'pulled'; attempt: number }
  | { kind: 'pull-failed'; attempt: number; error: Hal0Error }
  | { kind: 'pull-cancelled'; attempt: number }
  | { kind: 'timer'; timer: Timer }
  /** What the supervisor found when the daemon started. */
  | { kind: 'found'; found: FoundAtStart; crashes?: CrashTimes }

/** Milliseconds since the Unix epoch of crashes that earlier daemons saw, oldest first. */
export type CrashTimes = readonly number[]

export type FoundAtStart =
  /** `runs`: what it was started with; null if that is unknown. */
  | { kind: 'running'; pid: number; runs: Recognised | null }
  | { kind: 'ended'; exit: ExitReport; cause?: Cause | null }
  | { kind: 'rebooted' }
  | { kind: 'none' }

export type Timer = 'load' | 'linger' | 'idle' | 'unload' | 'restart' | 'waiting' | 'stop' | 'stall'

export type Effect =
  | { do: 'write'; record: SlotRecord }
  /** Write, then report `committed` or `commit-failed`. */
  | { do: 'commit'; record: SlotRecord }
  | { do: 'launch'; attempt: number }
  /** Pull the model, or join the pull. */
  | { do: 'pull'; attempt: number; model: string }
  | { do: 'cancel-pull'; model: string }
  /** Watch an adopted process get ready. */
  | { do: 'probe'; attempt: number; state: SlotState }
  /** Check that the port of an adopted, loaded process belongs to it. */
  | { do: 'check-port'; attempt: number }
  /** Ask a silent backend whether it is alive, for at most `ms`. */
  | { do: 'check-health'; attempt: number; ms: number }
  | { do: 'stop'; attempt: number }
  | { do: 'set-timer'; timer: Timer; ms: number }
  | { do: 'clear-timer'; timer: Timer }
  /** `at`: monotonic milliseconds. */
  | { do: 'grant'; id: number; met: SlotState; waited: Waited; at: number }
  /** It has to wait, and is served as the `position`th of those that wait if nobody else comes. */
  | { do: 'queue'; id: number; position: number }
  | { do: 'refuse'; id: number; error: Hal0Error }
  /** Revoke every granted lease. */
  | { do: 'revoke'; error: Hal0Error }
  /** Store the times of recent crashes for later daemons. */
  | { do: 'remember-crashes'; at: CrashTimes }
  /** The load took this long, and the next one is expected to take as long. */
  | { do: 'learn'; loadMs: number }

/** What a decision may look at besides the machine and the input. */
export interface Context {
  /** Monotonic milliseconds: durations are measured with it, so that a clock change has no effect. */
  now: number
  /** Milliseconds since the Unix epoch, for `since`. */
  wall: number
  bootId: string | null
  config: SlotConfig
  /** Why the configured model cannot be loaded now; null when it can, perhaps after a pull. */
  obstacle: Hal0Error | null
  /** The configured model, if it is missing and its source is known. */
  missing: string | null
  /** The progress of the pull under way. */
  pull: PullFigures | null
  /** How long earlier loads of the configured model took, milliseconds; null: there were none. */
  expectedLoadMs: number | null
  /** See Provider.lessMemory. */
  lessMemory: string
  /** Monotonic milliseconds at which the backend last sent a byte for a request; -Infinity: it never has. */
  heardAt: number
}

export interface Decision {
  machine: Machine
  effects: Effect[]
  /** Why a command was refused; a refused command changes nothing. */
  refused: Hal0Error | null
}

/** A slot as its record describes it, before anything is known about its process. */
export const machineOf = (record: SlotRecord, lost = false): Machine => ({
  record,
  lost,
  committing: null,
  meanwhile: 'nothing',
  postponed: [],
  // 1 is the process that an earlier daemon left; 0 would be no process.
  attempt: 1,
  process: 'unknown',
  // Kept until the supervisor answers: requests are served before that, and their transitions must not lose it.
  pid: record.pid,
  acknowledged: false,
  due: null,
  stopFailure: null,
  inFlight: 0,
  waiting: [],
  turns: [],
  service: null,
  loadBegan: null,
  lastEnd: 0,
  lingering: false,
  owesSince: null,
  watch: 'nothing',
  crashes: [],
  deleted: false,
})
