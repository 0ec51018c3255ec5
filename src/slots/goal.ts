/** What a command waits for (`?wait=SECONDS`): reached, or the error of why not. */
import type { SlotRecord } from '../contract/slot.ts'
import type { Clock } from '../lib/clock.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { SlotOwner } from './owner.ts'
import { loadCancelled, pulling, stillStarting, stillWarming, unloading } from './slot-errors.ts'
import { isLoaded } from './states.ts'

export type Goal = 'loaded' | 'offline'

/**
 * @param willLoad another load follows by itself, so that offline and error are only on the way
 * @returns null while it is open
 */
export const outcomeOf = (goal: Goal, record: SlotRecord, willLoad: boolean): 'reached' | Hal0Error | null => {
  const { state, error, name } = record
  if (goal === 'offline') {
    if (state === 'offline') return 'reached'
    // A cancelled load passes through error on its way to offline.
    return state === 'error' && error !== null && error.code !== 'slot.load_cancelled'
      ? Hal0Error.fromBody(error)
      : null
  }
  if (isLoaded(state)) return 'reached'
  if (willLoad) return null
  if (state === 'error' && error !== null) return Hal0Error.fromBody(error)
  return state === 'offline' ? loadCancelled(name, 'it was unloaded meanwhile') : null
}

const tooLate = (goal: Goal, record: SlotRecord): Hal0Error => {
  if (goal === 'offline' || record.state === 'unloading') return unloading(record.name)
  if (record.state === 'pulling') return pulling(record.name, record.pull, null)
  return record.state === 'warming' ? stillWarming(record.name) : stillStarting(record.name)
}

/** Resolves when the goal is reached; rejects with why not, at the latest after `seconds`. */
export const reach = (owner: SlotOwner, goal: Goal, seconds: number, clock: Clock): Promise<void> =>
  new Promise((resolve, reject) => {
    const ends: (() => void)[] = []
    const finish = (outcome: 'reached' | Hal0Error) => {
      for (const end of ends) end()
      if (outcome === 'reached') resolve()
      else reject(outcome)
    }
    const look = (record: SlotRecord) => {
      const outcome = outcomeOf(goal, record, owner.willLoad)
      if (outcome !== null) finish(outcome)
    }
    ends.push(
      owner.transitions.subscribe(look),
      owner.commits.subscribe((error) => {
        if (error !== null && goal === 'loaded') finish(error)
      }),
      clock.setTimer(seconds * 1000, () => finish(tooLate(goal, owner.record))),
    )
    const { state } = owner.record
    // An error that stands is what the command set out to leave; only what comes after it counts.
    if (state !== 'error') look(owner.record)
  })
