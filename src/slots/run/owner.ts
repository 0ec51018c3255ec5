/**
 * The owner of one slot: the only one who decides about it. Commands, requests, reports, exits and timers enter one queue;
 * each is decided at once by the pure decider, and its effects are started, never awaited. So nothing that hangs (a start, a
 * disk, a probe) can hold up a stop, and a request that finds a free place gets it without a turn of the event loop.
 */
import type { PullFigures, SlotConfig, SlotRecord } from '../../contract/slot.ts'
import { Bus } from '../../lib/async/bus.ts'
import type { Client } from '../../lib/client.ts'
import type { WallClock } from '../../lib/clock.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { ModelBringer } from '../../models/pull/pull-port.ts'
import { decide } from '../decide/decide.ts'
import { type Effect, type Input, type Machine, machineOf, type Timer } from '../machine/machine.ts'
import type { Lease, SlotView } from './lease.ts'
import { LeaseDesk } from './lease-table.ts'
import { type Asked, Now } from './now.ts'
import type { Planner } from './planner.ts'
import { PullWatch } from './pull-watch.ts'
import { RecordWriter, type SaveRecord } from './record-writer.ts'
import { type Runner, type RunnerDeps, SlotRunner } from './runner.ts'

export interface OwnerDeps extends Omit<RunnerDeps, 'report' | 'config' | 'machine' | 'recorded'> {
  clock: WallClock
  bootId: string | null
  planner: Planner
  pulls: ModelBringer
  save: SaveRecord
  /** Why the slot may not run beside the others; null when it may. */
  rivalry: (config: SlotConfig) => Hal0Error | null
  /** A record is durable. */
  onDurable: (json: string) => void
}

/** How long a broken connection waits for the news that the process died. */
const verdictMs = 300

export class SlotOwner {
  /** Told after every transition, and when a record says something else between two of them (not yet durable). */
  readonly transitions = new Bus<SlotRecord>()
  /** Told whether a record that was being committed could be written. */
  readonly commits = new Bus<Hal0Error | null>()
  readonly writer: RecordWriter
  readonly #deps: OwnerDeps
  readonly #runner: Runner
  readonly #timers = new Map<Timer, () => void>()
  readonly #desk: LeaseDesk
  readonly #pull: PullWatch
  readonly #asked: Asked = {
    obstacle: () => this.#configError ?? this.#deps.rivalry(this.#config) ?? this.#deps.planner.obstacle(this.#config),
    missing: () => this.#deps.planner.missing(this.#config),
    pull: () => this.pullFigures,
  }
  #machine: Machine
  #config: SlotConfig
  #configError: Hal0Error | null = null
  /** What the backend was started for: an edit of the configuration changes it at the next load. Null: by an earlier daemon. */
  #startedMode: SlotConfig['mode'] = null
  #queue: Input[] = []
  #deciding = false

  /** @param json the record as the disk has it; null when it has none: the first word is the supervisor's then */
  constructor(record: SlotRecord, json: string | null, config: SlotConfig, deps: OwnerDeps) {
    this.#machine = machineOf(record, json === null)
    this.#config = config
    this.#deps = deps
    this.writer = new RecordWriter(record.name, deps.save, deps.clock, deps.onDurable, json)
    this.#desk = new LeaseDesk(
      (input) => this.post(input),
      () => this.#verdict(),
    )
    this.#pull = new PullWatch(record.name, deps.pulls, (input) => this.post(input))
    this.#runner = new SlotRunner(record.name, {
      ...deps,
      report: (input) => this.post(input),
      config: () => this.#config,
      machine: () => this.#machine,
      recorded: () => this.writer.settled(),
    })
  }

  get record(): SlotRecord {
    return this.#machine.record
  }

  get config(): SlotConfig {
    return this.#config
  }

  /** The load under way: its age and what was expected of it, milliseconds; null when there is none. */
  get loadProgress(): { elapsedMs: number; expectedMs: number | null } | null {
    const began = this.#machine.loadBegan
    return began === null ? null : { elapsedMs: this.#deps.clock.now() - began, expectedMs: this.#runner.expectedMs() }
  }

  /** How the pull stands that the slot waits for; null when it waits for none. */
  get pullFigures(): PullFigures | null {
    const { state, pull } = this.#machine.record
    return state === 'pulling' ? this.#pull.figures(pull) : null
  }

  /** Nothing of it runs or is about to; false also while the supervisor has not told. */
  get isAtRest(): boolean {
    const { record, process, committing } = this.#machine
    const rests = record.state === 'offline' || record.state === 'error'
    return rests && process === 'none' && committing === null && record.intent === null
  }

  /** A load was asked for that has not begun: its record is being written, or the last process has yet to end. */
  get willLoad(): boolean {
    return this.#machine.committing !== null || this.#machine.record.intent === 'load'
  }

  /** A restart of what is loaded is being accepted. */
  get willLeave(): boolean {
    return this.#machine.committing?.state === 'unloading'
  }

  /** Why the backend could not be stopped so far; null when nothing is wrong. */
  get stopProblem(): Hal0Error | null {
    return this.#machine.stopFailure?.error ?? null
  }

  /** Resolves once what was accepted so far is on disk. @throws Hal0Error why it could not be written, and so is refused */
  async accepted(): Promise<void> {
    while (this.#machine.committing !== null) await this.#nextCommit()
    await this.writer.settled()
  }

  view(): SlotView {
    const { record } = this.#machine
    const loaded = record.state !== 'offline' && record.state !== 'error'
    return {
      name: record.name,
      state: record.state,
      model: loaded ? record.model : this.#config.model,
      aliases: this.#config.aliases,
      load: this.#config.load,
      mode: (loaded ? this.#startedMode : null) ?? this.#deps.planner.mode(this.#config),
      requests: this.#machine.inFlight + this.#machine.waiting.length,
    }
  }

  /** Takes a new configuration: what waits and what times out follow it at once, the backend at its next load. */
  configure(config: SlotConfig, error: Hal0Error | null = null): void {
    this.#config = config
    this.#configError = error
    this.post({ kind: 'configured' })
  }

  /** Puts an input into the queue and decides it. @returns why a command was refused */
  post(input: Input): Hal0Error | null {
    this.#queue.push(input)
    if (this.#deciding) return null
    this.#deciding = true
    let refused: Hal0Error | null = null
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const answer = this.#decide(next)
        if (next === input) refused = answer
      }
    } finally {
      this.#deciding = false
    }
    return refused
  }

  /** See SlotDirectory.acquire. */
  acquire(client: Client, asked: string): Lease | Promise<Lease> {
    return this.#desk.acquire(client, asked)
  }

  /** See SlotDirectory.refusal: the decision on a request that is not there, of which nothing is carried out. */
  refusal(): Hal0Error | null {
    const { clock, bootId } = this.#deps
    const { effects } = decide(
      this.#machine,
      { kind: 'request', id: 0 },
      new Now(clock, bootId, this.#config, this.#asked),
    )
    for (const effect of effects) if (effect.do === 'refuse' && effect.id === 0) return effect.error
    return null
  }

  /** Stops timers, probes and writes; the backend goes on. */
  close(): void {
    this.writer.close()
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
    this.#pull.close()
    this.#runner.close()
  }

  #decide(input: Input): Hal0Error | null {
    const before = this.#machine
    const { clock, bootId } = this.#deps
    const context = new Now(clock, bootId, this.#config, this.#asked)
    const { machine, effects, refused } = decide(before, input, context)
    this.#machine = machine
    for (const effect of effects) this.#start(effect)
    return refused
  }

  #start(effect: Effect): void {
    switch (effect.do) {
      case 'write':
        this.writer.write(effect.record)
        this.transitions.publish(effect.record)
        break
      case 'commit':
        this.writer.commit(effect.record, (error) => {
          // It may have been taken back meanwhile.
          if (this.#machine.committing === effect.record) {
            if (error === null) this.transitions.publish(effect.record)
            this.post(error === null ? { kind: 'committed' } : { kind: 'commit-failed', error })
          }
          this.commits.publish(error)
        })
        break
      case 'set-timer':
        this.#timers.get(effect.timer)?.()
        this.#timers.set(
          effect.timer,
          this.#deps.clock.setTimer(effect.ms, () => {
            this.#timers.delete(effect.timer)
            this.post({ kind: 'timer', timer: effect.timer })
          }),
        )
        break
      case 'clear-timer':
        this.#timers.get(effect.timer)?.()
        this.#timers.delete(effect.timer)
        break
      case 'grant':
        this.#desk.grant(effect.id, {
          met: effect.met,
          origin: `http://127.0.0.1:${this.#machine.record.port}`,
          timeoutMs: this.#config.request_timeout_s * 1000,
        })
        break
      case 'refuse':
        this.#desk.refuse(effect.id, effect.error)
        break
      case 'revoke':
        this.#desk.revoke(effect.error)
        break
      case 'pull':
      case 'cancel-pull':
        this.#pull.run(effect)
        break
      case 'launch':
        this.#startedMode = this.#deps.planner.mode(this.#config)
        this.#runner.run(effect)
        break
      default:
        this.#runner.run(effect)
    }
  }

  #nextCommit(): Promise<void> {
    return new Promise((resolve, reject) => {
      const unsubscribe = this.commits.subscribe((error) => {
        unsubscribe()
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  #verdict(): Promise<Hal0Error | null> {
    const verdictOf = (record: SlotRecord) =>
      record.state === 'error' && record.error !== null ? Hal0Error.fromBody(record.error) : null
    const now = verdictOf(this.record)
    if (now !== null) return Promise.resolve(now)
    return new Promise((resolve) => {
      const finish = (verdict: Hal0Error | null) => {
        cancel()
        unsubscribe()
        resolve(verdict)
      }
      const cancel = this.#deps.clock.setTimer(verdictMs, () => finish(null))
      const unsubscribe = this.transitions.subscribe((record) => {
        const verdict = verdictOf(record)
        if (verdict !== null) finish(verdict)
      })
    })
  }

  /**
   * Reconciles with what the supervisor finds; the first thing that happens to a slot.
   * @returns true when the host was restarted since the slot's last record
   */
  async reconcile(): Promise<boolean> {
    // What was started or stopped since the daemon began is known better by the owner itself.
    if (this.#machine.process !== 'unknown') return false
    const { boot_id } = this.record
    const { found, crashes } = await this.#runner.adopt(this.#machine.attempt)
    const { bootId } = this.#deps
    const rebooted =
      found.kind === 'rebooted' ||
      (found.kind !== 'running' && boot_id !== null && bootId !== null && boot_id !== bootId)
    const isNews = this.#machine.process === 'unknown'
    this.post({ kind: 'found', found: rebooted ? { kind: 'rebooted' } : found, crashes })
    return rebooted && isNews
  }
}
