/** `progress` frames between transitions (spec §5): at most 4 a second, for slots in a transient state. */
import type { SlotProgress, SlotState } from '../contract/slot.ts'
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
