/**
 * Frames between transitions, at most 4 a second (spec §5): `progress` for slots in a transient state, and `queue` for those with
 * requests that wait.
 */
import type { SlotProgress, SlotQueueEvent, SlotState } from '../contract/slot.ts'
import type { Clock } from '../lib/clock.ts'
import type { SlotOwner } from './run/owner.ts'

const everyMs = 250
const moving: readonly SlotState[] = ['pulling', 'starting', 'warming', 'unloading']

/** Publishes frames of `owner` while it moves. @returns the function that ends it */
export const tellProgress = (
  owner: SlotOwner,
  clock: Clock,
  publish: (progress: SlotProgress) => void,
): (() => void) => {
  let cancel: (() => void) | null = null
  let entered = clock.now()
  let last = owner.record.seq

  const frame = () => {
    cancel = null
    const { name, state } = owner.record
    if (!moving.includes(state)) return
    const load = owner.loadProgress
    const elapsedMs = load?.elapsedMs ?? clock.now() - entered
    const expectedMs = load?.expectedMs ?? null
    publish({
      name,
      state,
      elapsed_s: Math.round(elapsedMs) / 1000,
      expected_s: expectedMs === null ? null : Math.round(expectedMs) / 1000,
      pull: owner.pullFigures,
    })
    cancel = clock.setTimer(everyMs, frame)
  }
  const unsubscribe = owner.transitions.subscribe(({ seq }) => {
    if (seq !== last) entered = clock.now()
    last = seq
    if (cancel === null) cancel = clock.setTimer(everyMs, frame)
  })
  if (moving.includes(owner.record.state)) cancel = clock.setTimer(everyMs, frame)
  return () => {
    unsubscribe()
    cancel?.()
  }
}

/** Publishes frames of the requests that wait at `owner`, when they change, and a last one when none waits any more. @returns the function that ends it */
export const tellQueue = (owner: SlotOwner, clock: Clock, publish: (queue: SlotQueueEvent) => void): (() => void) => {
  let cancel: (() => void) | null = null
  let changed = false
  const frame = () => {
    cancel = null
    if (!changed) return
    changed = false
    publish({ name: owner.record.name, ...owner.queue })
    cancel = clock.setTimer(everyMs, frame)
  }
  const unsubscribe = owner.queueChanged.subscribe(() => {
    changed = true
    // Not at once: a herd of requests comes within milliseconds, and a place is often free sooner than anybody looks.
    if (cancel === null) cancel = clock.setTimer(everyMs, frame)
  })
  return () => {
    unsubscribe()
    cancel?.()
  }
}
