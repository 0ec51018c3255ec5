/**
 * The owner of one slot: the only one who decides about it. Commands, requests, reports, exits and timers enter one queue;
 * each is decided at once by the pure decider, and its effects are started, never awaited. So nothing that hangs (a start, a
 * disk, a probe) can hold up a stop, and a request that finds a free place gets it without a turn of the event loop.
 */
import type { PullFigures, SlotQueue, SlotRecord } from '../../contract/slot.ts'
import { Bus } from '../../lib/async/bus.ts'
import type { WallClock } from '../../lib/clock.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { Abilities, WholeConfig } from '../../providers/provider.ts'
import { decide } from '../decide/decide.ts'
import { type Input, type Machine, machineOf } from '../machine/machine.ts'
import { queueOf } from '../machine/standing.ts'
import { isLoaded } from '../machine/states.ts'
import type { RecordWriter } from './effects/record-writer.ts'
import { type EffectDeps, SlotEffects } from './effects/slot-effects.ts'
import type { Lease, LoadView, Requester, SlotView } from './lease.ts'
import { type Asked, Now } from './now.ts'
import type { Planner } from './planner.ts'

export interface OwnerDeps extends Omit<EffectDeps, 'report' | 'config' | 'machine'> {
  clock: WallClock
  bootId: string | null
  planner: Planner
  /** Why the slot may not run beside the others; null when it may. */
  rivalry: (config: WholeConfig) => Hal0Error | null
}

export class SlotOwner {
  /** See SlotEffects. */
  readonly transitions: Bus<SlotRecord>
  /** See SlotEffects. */
  readonly commits: Bus<Hal0Error | null>
  /** Requests have begun or ceased to wait. */
  readonly queueChanged = new Bus<void>()
  readonly writer: RecordWriter
  readonly #deps: OwnerDeps
  readonly #effects: SlotEffects
  readonly #asked: Asked = {
    lessMemory: () => this.#deps.planner.lessMemory(this.#config),
    obstacle: () => this.#configError ?? this.#deps.rivalry(this.#config) ?? this.#deps.planner.obstacle(this.#config),
    missing: () => this.#deps.planner.missing(this.#config),
    pull: () => this.pullFigures,
    expectedLoadMs: () => this.#effects.memory.expectedMs(this.#config.model),
    heardAt: () => this.#effects.leases.heardAt,
  }
  #machine: Machine
  #config: WholeConfig
  #configError: Hal0Error | null = null
  #queue: Input[] = []
  #deciding = false

  /** @param json the record as the disk has it; null when it has none: then the supervisor's report decides the first state */
  constructor(record: SlotRecord, json: string | null, config: WholeConfig, deps: OwnerDeps) {
    this.#machine = machineOf(record, json === null)
    this.#config = config
    this.#deps = deps
    this.#effects = new SlotEffects(record.name, json, {
      ...deps,
      report: (input) => this.post(input),
      config: () => this.#config,
      machine: () => this.#machine,
    })
    this.transitions = this.#effects.transitions
    this.commits = this.#effects.commits
    this.writer = this.#effects.writer
  }

  get record(): SlotRecord {
    return this.#machine.record
  }

  get config(): WholeConfig {
    return this.#config
  }

  /** The load under way: its age and what was expected of it, milliseconds; null when there is none. */
  get loadProgress(): { elapsedMs: number; expectedMs: number | null } | null {
    const began = this.#machine.loadBegan
    if (began === null) return null
    return {
      elapsedMs: this.#deps.clock.now() - began,
      expectedMs: this.#effects.memory.expectedMs(this.#config.model),
    }
  }

  /** See SlotDirectory.loading. */
  loading(): LoadView | null {
    const { state } = this.#machine.record
    if (isLoaded(state)) return null
    const { elapsedMs = null, expectedMs = null } = this.loadProgress ?? {}
    return { state, elapsedMs, expectedMs, hint: this.#config.loading_hint }
  }

  /** The progress of the pull that the slot waits for; null when there is none. */
  get pullFigures(): PullFigures | null {
    const { state, pull } = this.#machine.record
    return state === 'pulling' ? this.#effects.pull.figures(pull) : null
  }

  /** Whether nothing of it runs or is about to; also false until the supervisor has answered. */
  get isAtRest(): boolean {
    const { record, process, committing } = this.#machine
    const rests = record.state === 'offline' || record.state === 'error'
    return rests && process === 'none' && committing === null && record.intent === null
  }

  /** Whether a requested load has not begun: its record is being written, or the last process has yet to end. */
  get willLoad(): boolean {
    return this.#machine.committing !== null || this.#machine.record.intent === 'load'
  }

  /** Whether a restart of the loaded backend is being accepted. */
  get willLeave(): boolean {
    return this.#machine.committing?.state === 'unloading'
  }

  get queue(): SlotQueue {
    return queueOf(this.#machine, this.#now())
  }

  /** Why the backend could not be stopped so far; null when nothing is wrong. */
  get stopProblem(): Hal0Error | null {
    return this.#machine.stopFailure?.error ?? null
  }

  /**
   * Resolves once everything accepted so far is on disk, with the record that is: what was decided meanwhile may not be there yet.
   * @throws Hal0Error why it could not be written, and is therefore refused
   */
  async accepted(): Promise<SlotRecord> {
    while (this.#machine.committing !== null) await this.#effects.nextCommit()
    const { record } = this.#machine
    await this.writer.settled()
    return record
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
      rules: this.#config,
      capture: this.#config.capture,
      remoteMedia: this.#config.remote_media,
      mode: (loaded ? this.#effects.startedAs?.mode : null) ?? this.#deps.planner.mode(this.#config),
      abilities: this.#abilities,
      pid: record.pid,
      requests: this.#machine.inFlight + this.#machine.waiting.length,
      waiting: this.#machine.waiting.length,
    }
  }

  /** Of the loaded model, or else of the configured one. */
  readonly #abilities = (): Abilities => {
    const { state } = this.#machine.record
    const started = state === 'offline' || state === 'error' ? null : this.#effects.startedAs
    return started?.abilities ?? this.#deps.planner.abilities(this.#config)
  }

  /** Takes a new configuration: waiting requests and timers follow it at once, the backend at its next load. */
  configure(config: WholeConfig, error: Hal0Error | null = null): void {
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
  acquire(client: Requester, asked: string): Lease | Promise<Lease> {
    return this.#effects.leases.acquire(client, asked)
  }

  /** See SlotDirectory.refusal: decides on an imaginary request, and carries nothing out. */
  refusal({ caller = '', priority = 'interactive' }: Partial<Requester>): Hal0Error | null {
    const { effects } = decide(this.#machine, { kind: 'request', id: 0, caller, priority }, this.#now())
    for (const effect of effects) if (effect.do === 'refuse' && effect.id === 0) return effect.error
    return null
  }

  /** Stops timers, probes and writes; the backend keeps running. */
  close(): void {
    this.#effects.close()
  }

  #decide(input: Input): Hal0Error | null {
    const before = this.#machine
    const { machine, effects, refused } = decide(before, input, this.#now())
    this.#machine = machine
    if (machine.waiting !== before.waiting) this.queueChanged.publish(undefined)
    for (const effect of effects) this.#effects.start(effect)
    return refused
  }

  #now(): Now {
    const { clock, bootId } = this.#deps
    return new Now(clock, bootId, this.#config, this.#asked)
  }

  /**
   * Reconciles with what the supervisor finds; the first thing that happens to a slot.
   * @returns true when the host was restarted since the slot's last record
   */
  async reconcile(): Promise<boolean> {
    // The owner itself knows better what was started or stopped since the daemon began.
    if (this.#machine.process !== 'unknown') return false
    const { boot_id } = this.record
    const { found, crashes } = await this.#effects.runner.adopt(this.#machine.attempt)
    const { bootId } = this.#deps
    const rebooted =
      found.kind === 'rebooted' ||
      (found.kind !== 'running' && boot_id !== null && bootId !== null && boot_id !== bootId)
    const isNews = this.#machine.process === 'unknown'
    this.post({ kind: 'found', found: rebooted ? { kind: 'rebooted' } : found, crashes })
    return rebooted && isNews
  }
}
