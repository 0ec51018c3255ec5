/** States, transitions and loads of the slots. */
import { type SlotRecord, type SlotState, slotStates } from '../../contract/slot.ts'
import type { SlotView } from '../../slots/run/lease.ts'
import type { Exposition } from './exposition.ts'
import { getOrMake } from './get-or-make.ts'
import { Histogram } from './histogram.ts'

/** Seconds. A small model loads in a tenth of a second, a large one from a slow disk in minutes. */
const loadBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600]

class SlotHistory {
  readonly transitions = new Map<SlotState, number>()
  readonly loads = new Histogram(loadBounds)
  /** Number of the last transition: a record is also written between transitions. */
  seq = -1
  /** When the load under way began, milliseconds since the Unix epoch; null: none is. */
  loadBegan: number | null = null
}

const slotHistory = (): SlotHistory => new SlotHistory()

export class SlotMetrics {
  readonly #slots = new Map<string, SlotHistory>()

  /** @param record as it became durable */
  observe({ name, state, seq, since }: SlotRecord): void {
    const history = getOrMake(this.#slots, name, slotHistory)
    if (history.seq === seq) return
    history.seq = seq
    history.transitions.set(state, (history.transitions.get(state) ?? 0) + 1)
    if (state === 'starting') history.loadBegan = Date.parse(since)
    else if (state !== 'warming') {
      if (state === 'ready' && history.loadBegan !== null)
        history.loads.observe((Date.parse(since) - history.loadBegan) / 1000)
      history.loadBegan = null
    }
  }

  forget(name: string): void {
    this.#slots.delete(name)
  }

  /** @param now all slots as they are */
  write(to: Exposition, now: readonly SlotView[]): void {
    to.family('hal0_slot_state', 'gauge', '1 for the state that the slot is in, 0 for the others.')
    for (const { name, state } of now) {
      for (const each of slotStates) to.sample('hal0_slot_state', { slot: name, state: each }, each === state ? 1 : 0)
    }
    to.family('hal0_slot_requests_in_flight', 'gauge', 'Requests at the backend.')
    for (const { name, requests, waiting } of now) {
      to.sample('hal0_slot_requests_in_flight', { slot: name }, requests - waiting)
    }
    to.family('hal0_slot_requests_waiting', 'gauge', 'Requests that wait for the load, or for a place at the backend.')
    for (const { name, waiting } of now) to.sample('hal0_slot_requests_waiting', { slot: name }, waiting)
    to.family('hal0_slot_transitions_total', 'counter', 'How often the slot has entered a state.')
    for (const [slot, { transitions }] of this.#slots) {
      for (const [state, count] of transitions) to.sample('hal0_slot_transitions_total', { slot, state }, count)
    }
    to.family(
      'hal0_slot_load_duration_seconds',
      'histogram',
      'Start of the process to a loaded model, where that succeeded.',
    )
    for (const [slot, { loads }] of this.#slots) to.histogram('hal0_slot_load_duration_seconds', { slot }, loads)
  }
}
