import type { ErrorBody } from '../../contract/error.ts'
import type { SlotRecord, SlotState } from '../../contract/slot.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { Recognised } from '../../providers/provider.ts'
import type { Context, Effect, Machine } from '../machine/machine.ts'
import { isLegalTransition } from '../machine/states.ts'

interface Entry {
  /** The reason, in words. */
  reason: string
  error?: ErrorBody
  /** The model that has to be pulled first. */
  pull?: string
  /** A process without a record was found, and what it runs, if its command line says so. */
  found?: { runs: Recognised | null }
  /** Whether a load follows; by default unchanged, and null once a load has begun. */
  intent?: SlotRecord['intent']
}

/** One decision in the making: a private copy of the machine, and the effects collected so far. */
export class Step {
  readonly m: Machine
  readonly effects: Effect[] = []
  readonly context: Context

  constructor(machine: Machine, context: Context) {
    this.m = { ...machine }
    this.context = context
  }

  get state(): SlotState {
    return this.m.record.state
  }

  /**
   * Makes the record of the transition to `state`, without entering it.
   * @throws Hal0Error `slot.invalid_transition` for a transition that is not in the table
   */
  nextRecord(state: SlotState, entry: Entry): SlotRecord {
    const { record } = this.m
    if (!isLegalTransition(record.state, state)) {
      throw new Hal0Error(
        'slot.invalid_transition',
        `Slot ${record.name} cannot go from ${record.state} to ${state}.`,
        { details: { slot: record.name, from: record.state, to: state } },
      )
    }
    const { config, wall, bootId } = this.context
    // What a slot runs is fixed when its load begins; without a load it shows what it would run.
    const begins = state === 'starting' || state === 'pulling'
    const settles = begins || state === 'offline'
    const intent = entry.intent === undefined ? (begins ? null : record.intent) : entry.intent
    return {
      name: record.name,
      state,
      since: new Date(wall).toISOString(),
      // The earlier records are lost. The clock is ahead of all their numbers.
      seq: (entry.found === undefined ? record.seq : Math.max(record.seq, wall)) + 1,
      model: entry.found?.runs?.model ?? (settles ? config.model : record.model),
      provider: settles ? config.provider : record.provider,
      port: entry.found?.runs?.port ?? (settles ? config.port : record.port),
      unit: record.unit,
      pid: state === 'offline' || state === 'error' || state === 'pulling' ? null : this.m.pid,
      boot_id: bootId,
      reason: entry.reason,
      pull: entry.pull ?? null,
      error: entry.error ?? null,
      intent,
    }
  }

  /** The only way to change a state. @throws Hal0Error `slot.invalid_transition` */
  enter(state: SlotState, entry: Entry): void {
    const record = this.nextRecord(state, entry)
    this.m.record = record
    this.effects.push({ do: 'write', record })
  }

  /** Changes details of the current state. This is not a transition, so `seq` and `since` stay. */
  restate(changes: Partial<Pick<SlotRecord, 'intent' | 'reason' | 'error'>>): void {
    this.m.record = { ...this.m.record, ...changes }
    this.effects.push({ do: 'write', record: this.m.record })
  }

  /** Enters the state of a record from nextRecord that has been written. */
  become(record: SlotRecord): void {
    this.m.record = record
  }

  /** Has a record written to the disk; it takes effect with `committed`. */
  commit(record: SlotRecord): void {
    this.m.committing = record
    this.m.meanwhile = 'nothing'
    this.effects.push({ do: 'commit', record })
  }

  setTimer(timer: Extract<Effect, { do: 'set-timer' }>['timer'], seconds: number): void {
    this.effects.push({ do: 'set-timer', timer, ms: seconds * 1000 })
  }

  clearTimers(...timers: Extract<Effect, { do: 'set-timer' }>['timer'][]): void {
    for (const timer of timers) this.effects.push({ do: 'clear-timer', timer })
  }
}
