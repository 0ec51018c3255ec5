/** How many requests a slot has, and how long one more would wait. Pure. */
import type { SlotQueue } from '../../contract/slot.ts'
import { expectedWaitMs } from '../queue/expected-wait.ts'
import type { Context, Machine } from './machine.ts'
import { isLoaded, isLoading } from './states.ts'

type Now = Pick<Context, 'now' | 'config' | 'expectedLoadMs'>

/** Milliseconds until the slot is loaded: 0 if it is, null if no load is under way or nobody knows how long it takes. */
const loadLeftMs = ({ record, loadBegan }: Machine, { now, expectedLoadMs }: Now): number | null => {
  if (isLoaded(record.state)) return 0
  if (!isLoading(record.state) || loadBegan === null || expectedLoadMs === null) return null
  return Math.max(0, loadBegan + expectedLoadMs - now)
}

/** How long a request that comes now would wait behind all others, milliseconds; null: nobody knows. */
export const newcomersWaitMs = (m: Machine, context: Now): number | null => {
  const { record, inFlight, waiting, service } = m
  return expectedWaitMs({
    inFlight,
    maxInFlight: context.config.max_in_flight,
    ahead: waiting.length,
    loadLeftMs: loadLeftMs(m, context),
    serviceMs: service === null || service.model !== record.model ? null : service.averageMs,
  })
}

const seconds = (ms: number): number => Math.round(ms) / 1000

/** The same for people and programs. */
export const queueOf = (m: Machine, context: Now): SlotQueue => {
  const [oldest] = m.waiting
  const wait = newcomersWaitMs(m, context)
  return {
    in_flight: m.inFlight,
    waiting: m.waiting.length,
    oldest_s: oldest === undefined ? null : seconds(context.now - oldest.arrived),
    expected_wait_s: wait === null ? null : seconds(wait),
  }
}
