/**
 * Carries out what one slot decides: each effect goes to the part responsible for it. All are started and none is awaited; the
 * results are reported as inputs.
 */
import type { Capability } from '../../../contract/endpoints.ts'
import type { SlotRecord } from '../../../contract/slot.ts'
import { Bus } from '../../../lib/async/bus.ts'
import type { Hal0Error } from '../../../lib/hal0-error.ts'
import type { ModelBringer } from '../../../models/pull/pull-port.ts'
import type { Abilities } from '../../../providers/provider.ts'
import type { Effect } from '../../machine/machine.ts'
import type { BackendKeys } from '../../store/backend-key.ts'
import type { CrashHistory } from '../../store/crash-history.ts'
import type { LoadHistory } from '../../store/load-history.ts'
import { SlotKey } from '../slot-key.ts'
import { HealthCheck } from './health-check.ts'
import { LeaseTable } from './lease-table.ts'
import { PullWatch } from './pull-watch.ts'
import { RecordWriter, type SaveRecord } from './record-writer.ts'
import { type RunnerDeps, SlotRunner } from './runner.ts'
import { SlotMemory } from './slot-memory.ts'
import { SlotTimers } from './slot-timers.ts'
import { awaitVerdict } from './verdict.ts'

export interface EffectDeps extends Omit<RunnerDeps, 'recorded' | 'memory' | 'key'> {
  pulls: ModelBringer
  history: LoadHistory
  crashes: CrashHistory
  keys: BackendKeys
  save: SaveRecord
  /** A record is durable. */
  onDurable: (json: string) => void
}

/** What the configuration made of the backend when it was started. */
interface StartedAs {
  mode: Capability | null
  abilities: Abilities
}

export class SlotEffects {
  /** Gets the record after every transition, and when it changes between two of them (not yet durable). */
  readonly transitions = new Bus<SlotRecord>()
  /** Gets the result of each commit: null, or why the record could not be written. */
  readonly commits = new Bus<Hal0Error | null>()
  readonly writer: RecordWriter
  readonly leases: LeaseTable
  readonly memory: SlotMemory
  readonly key: SlotKey
  readonly pull: PullWatch
  readonly runner: SlotRunner
  readonly #health: HealthCheck
  readonly #timers: SlotTimers
  readonly #deps: EffectDeps
  #startedAs: StartedAs | null = null

  /** @param json the record as the disk has it; null when it has none */
  constructor(name: string, json: string | null, deps: EffectDeps) {
    const { clock, report } = deps
    this.#deps = deps
    this.writer = new RecordWriter(name, deps.save, clock, deps.onDurable, json)
    this.leases = new LeaseTable(report, () => awaitVerdict(deps.machine().record, this.transitions, clock))
    this.memory = new SlotMemory(name, deps.history, deps.crashes)
    this.key = new SlotKey(name, deps.keys)
    this.pull = new PullWatch(name, deps.pulls, report)
    this.runner = new SlotRunner(name, {
      ...deps,
      memory: this.memory,
      key: this.key,
      recorded: () => this.writer.settled(),
    })
    this.#health = new HealthCheck(name, deps)
    this.#timers = new SlotTimers(clock, (timer) => report({ kind: 'timer', timer }))
  }

  /** As what the backend was started: an edit of the configuration changes it at the next load. null: by an earlier daemon. */
  get startedAs(): StartedAs | null {
    return this.#startedAs
  }

  start(effect: Effect): void {
    const { machine, config, planner } = this.#deps
    switch (effect.do) {
      case 'write':
        this.writer.write(effect.record)
        this.transitions.publish(effect.record)
        break
      case 'commit':
        this.#commit(effect.record)
        break
      case 'set-timer':
        this.#timers.set(effect.timer, effect.ms)
        break
      case 'clear-timer':
        this.#timers.clear(effect.timer)
        break
      case 'grant':
        this.leases.grant(effect.id, {
          met: effect.met,
          waited: effect.waited,
          key: this.key.current,
          at: effect.at,
          origin: `http://127.0.0.1:${machine().record.port}`,
          timeoutMs: config().request_timeout_s * 1000,
          backend: planner.backend(machine().record.provider),
        })
        break
      case 'queue':
        this.leases.queue(effect.id, effect.position)
        break
      case 'refuse':
        this.leases.refuse(effect.id, effect.error)
        break
      case 'revoke':
        this.leases.revoke(effect.error)
        break
      case 'pull':
      case 'cancel-pull':
        this.pull.run(effect)
        break
      case 'check-health':
        void this.#health.ask(effect.attempt, effect.ms)
        break
      case 'learn':
        void this.memory.learn(machine().record.model, effect.loadMs)
        break
      case 'remember-crashes':
        void this.memory.rememberCrashes(effect.at)
        break
      case 'launch':
        this.#startedAs = { mode: planner.mode(config()), abilities: planner.abilities(config()) }
        this.runner.run(effect)
        break
      default:
        this.runner.run(effect)
    }
  }

  /** Resolves with the next commit that is on disk. @throws Hal0Error why that one could not be written */
  nextCommit(): Promise<void> {
    return new Promise((resolve, reject) => {
      const unsubscribe = this.commits.subscribe((error) => {
        unsubscribe()
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  /** Stops timers, probes and writes; the backend keeps running. */
  close(): void {
    this.writer.close()
    this.#timers.close()
    this.pull.close()
    this.#health.close()
    this.runner.close()
  }

  #commit(record: SlotRecord): void {
    const { machine, report } = this.#deps
    this.writer.commit(record, (error) => {
      // It may have been withdrawn in the meantime.
      if (machine().committing === record) {
        if (error === null) this.transitions.publish(record)
        report(error === null ? { kind: 'committed' } : { kind: 'commit-failed', error })
      }
      this.commits.publish(error)
    })
  }
}
