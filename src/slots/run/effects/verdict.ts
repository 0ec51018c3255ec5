/** The error for a connection that its backend broke: the slot's error, once the death is known. */
import type { SlotRecord } from '../../../contract/slot.ts'
import type { Bus } from '../../../lib/async/bus.ts'
import type { Clock } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { soonS } from '../../machine/slot-errors.ts'

/** How long a broken connection waits to learn that the process died, milliseconds. */
const verdictMs = 300

const verdictOf = (record: SlotRecord): Hal0Error | null =>
  record.state === 'error' && record.error !== null
    ? Hal0Error.fromBody(record.error, record.intent === 'load' ? soonS : undefined)
    : null

/** @returns null if the slot does not fail within 300 ms */
export const awaitVerdict = (
  record: SlotRecord,
  transitions: Bus<SlotRecord>,
  clock: Clock,
): Promise<Hal0Error | null> => {
  const now = verdictOf(record)
  if (now !== null) return Promise.resolve(now)
  return new Promise((resolve) => {
    const finish = (verdict: Hal0Error | null) => {
      cancel()
      unsubscribe()
      resolve(verdict)
    }
    const cancel = clock.setTimer(verdictMs, () => finish(null))
    const unsubscribe = transitions.subscribe((changed) => {
      const verdict = verdictOf(changed)
      if (verdict !== null) finish(verdict)
    })
  })
}
