/** What a command waits for (`?wait=SECONDS`): the goal is reached, or an error says why not. */
import type { SlotRecord } from '../contract/slot.ts'
import type { Clock } from '../lib/clock.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { loadCancelled, pulling, stillStarting, stillWarming, unloading } from './machine/slot-errors.ts'
import { isLoaded } from './machine/states.ts'
import type { SlotOwner } from './run/owner.ts'

export type Goal = 'loaded' | 'offline'

/** What is pending besides the state: a load, which makes offline and error only stops on the way, or the end of a loaded backend. */
type OnTheWay = Pick<SlotOwner, 'willLoad' | 'willLeave'>

/** @returns null while it is undecided */
export const outcomeOf = (goal: Goal, record: SlotRecord, way: OnTheWay): 'reached' | Hal0Error | null => {
  const { state, error, name } = record
  // The stop is retried for as long as necessary, so the waiting client gets the error.
  if (state === 'error' && error?.code === 'slot.stop_failed') return Hal0Error.fromBody(error)
  if (goal === 'offline') {
    if (state === 'offline') return 'reached'
    // A cancelled load passes through error on its way to offline.
    return state === 'error' && error !== null && error.code !== 'slot.load_cancelled'
      ? Hal0Error.fromBody(error)
      : null
  }
  if (isLoaded(state)) return way.willLeave ? null : 'reached'
  if (way.willLoad) return null
  if (state === 'error' && error !== null) return Hal0Error.fromBody(error)
  return state === 'offline' ? loadCancelled(name, 'it was unloaded meanwhile') : null
}

const tooLate = (goal: Goal, { record, loadProgress, pullFigures }: SlotOwner): Hal0Error => {
  if (goal === 'offline' || record.state === 'unloading') return unloading(record)
  if (record.state === 'pulling') return pulling(record.name, record.pull, pullFigures)
  return record.state === 'warming' ? stillWarming(record.name, loadProgress) : stillStarting(record.name, loadProgress)
}

/** When a wait began, and its length. */
interface Wait {
  /** The record that the command met. An error in it is what the command was meant to end, so only later records count. */
  before: SlotRecord
  seconds: number
}

/** Resolves when the goal is reached; rejects with why not, at the latest after `seconds`. */
export const reach = (owner: SlotOwner, goal: Goal, { before, seconds }: Wait, clock: Clock): Promise<void> =>
  new Promise((resolve, reject) => {
    const ends: (() => void)[] = []
    const finish = (outcome: 'reached' | Hal0Error) => {
      for (const end of ends) end()
      if (outcome === 'reached') resolve()
      else reject(outcome)
    }
    const look = (record: SlotRecord) => {
      const outcome = outcomeOf(goal, record, owner)
      if (outcome !== null) finish(outcome)
    }
    ends.push(
      owner.transitions.subscribe(look),
      owner.commits.subscribe((error) => {
        if (error !== null && goal === 'loaded') finish(error)
      }),
      clock.setTimer(seconds * 1000, () => finish(tooLate(goal, owner))),
    )
    const { record } = owner
    if (record.error === null || record.seq !== before.seq) look(record)
  })
