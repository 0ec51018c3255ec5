/** What a slot is doing, as text. */
import { type Static, type TSchema, Type } from 'typebox'
import {
  SlotName,
  SlotProgress,
  type SlotQueue,
  SlotQueueEvent,
  SlotRecord,
  type SlotState,
} from '../../../contract/slot.ts'
import { duration, elapsed } from '../../../lib/figures.ts'
import { problemsOf } from '../../../lib/validate.ts'
import type { ServerEvent } from '../../api/event-stream.ts'
import { describeFigures } from '../../pull-figures.ts'
import type { Style } from '../../terminal/style.ts'

/** What one event of `GET /api/slots/events` says. */
export type SlotNews =
  | { kind: 'record'; record: SlotRecord }
  | { kind: 'progress'; progress: SlotProgress }
  | { kind: 'queue'; queue: SlotQueueEvent }
  | { kind: 'deleted'; name: string }

const Deleted = Type.Object({ name: SlotName })
const schemas: Record<string, TSchema> = {
  slot: SlotRecord,
  progress: SlotProgress,
  queue: SlotQueueEvent,
  deleted: Deleted,
}

/** @returns null for an event of a kind that this version does not know, or whose data it cannot read */
export const readSlotEvent = (event: ServerEvent): SlotNews | null => {
  const schema = schemas[event.event]
  if (schema === undefined) return null
  try {
    const value = JSON.parse(event.data) as unknown
    if (problemsOf(schema, value).length > 0) return null
    if (event.event === 'slot') return { kind: 'record', record: value as SlotRecord }
    if (event.event === 'progress') return { kind: 'progress', progress: value as SlotProgress }
    if (event.event === 'queue') return { kind: 'queue', queue: value as SlotQueueEvent }
    return { kind: 'deleted', name: (value as Static<typeof Deleted>).name }
  } catch {
    // Events only show progress; the answer to the command itself is what counts.
    return null
  }
}

/** e.g. `warming — 12 s of about 30 s`, `pulling — 1.2 GB of 4.7 GB, 41 MB/s, about 85 s left`. */
export const describeProgress = ({ state, elapsed_s, expected_s, pull }: SlotProgress): string => {
  if (pull !== null)
    return `${state} — ${pull.phase === 'downloading' ? '' : `${pull.phase}, `}${describeFigures(pull)}`
  return `${state} — ${elapsed(elapsed_s, expected_s)}`
}

/** e.g. `3 wait, the oldest for 12 s; a new request has to expect about 20 s` */
export const queueText = ({ waiting, oldest_s, expected_wait_s }: SlotQueue): string => {
  if (waiting === 0) return 'nobody waits'
  const oldest = oldest_s === null ? '' : `, the oldest for ${duration(oldest_s)}`
  const expected = expected_wait_s === null ? '' : `; a new request has to expect about ${duration(expected_wait_s)}`
  return `${waiting} ${waiting === 1 ? 'waits' : 'wait'}${oldest}${expected}`
}

const styles: Record<SlotState, Style> = {
  offline: 'dim',
  pulling: 'yellow',
  starting: 'yellow',
  warming: 'yellow',
  ready: 'green',
  serving: 'green',
  idle: 'cyan',
  unloading: 'yellow',
  error: 'red',
}

/** The state as a table's cell. */
export const stateCell = (state: SlotState): { text: string; as: Style } => ({ text: state, as: styles[state] })
