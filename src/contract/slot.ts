/** Wire types of a slot: its states, its durable state record and its events (spec §2, §5). */
import { type Static, Type } from 'typebox'
import { ErrorBody } from './error.ts'
import { HubFile, HubRepo, HubRevision } from './models/hub-source.ts'
import { nullable } from './schema/nullable.ts'
import { patterned } from './schema/pattern.ts'

/** Spec §2: at most 32 characters, so that `hal0-slot@<name>.service` needs no escaping. */
export const slotNamePattern = '^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$'
const slotName = new RegExp(slotNamePattern)

/** Whether a slot can have this name; anything else never reaches a path or a unit name. */
export const isSlotName = (name: string): boolean => slotName.test(name)

export const SlotName = patterned(
  slotNamePattern,
  'must have 1 to 32 letters a-z, digits and dashes, with no dash at the beginning or the end',
  { description: 'Name of a slot, unique on this host.' },
)

export const slotStates = [
  'offline',
  'pulling',
  'starting',
  'warming',
  'ready',
  'serving',
  'idle',
  'unloading',
  'error',
] as const

export const SlotState = Type.Enum(slotStates)
export type SlotState = Static<typeof SlotState>

/** Id of a model in the registry; also a file name (`models/<id>.json`), hence the narrow alphabet. */
export const modelIdPattern = '^[a-z0-9](?:[a-z0-9_-]|\\.(?!\\.)){0,126}$'
export const ModelId = patterned(
  modelIdPattern,
  'must be an id: up to 127 letters a-z, digits, dots, dashes and underscores, beginning with a letter or a digit',
  { description: 'Registry ref of a model.', examples: ['qwen2.5-0.5b-instruct-q4_k_m'] },
)

/**
 * What `slots/<name>/state.json` holds, and the data of one `slot` event, byte for byte (spec §5).
 *
 * A transition makes a new record, and one event. If one happens at once, it includes the new `intent`, which is null again in the
 * record with which the load begins (`starting`, `pulling`). If a load is accepted or withdrawn without a transition (in a slot that
 * is still unloading), only the file is replaced, with the same `seq` and `since`; the next event includes the change.
 */
export const SlotRecord = Type.Object(
  {
    name: SlotName,
    state: SlotState,
    since: Type.String({ description: 'RFC 3339 with milliseconds: when this state began.' }),
    seq: Type.Integer({ minimum: 0, description: 'Grows by one per transition.' }),
    model: nullable(ModelId),
    provider: Type.String(),
    port: Type.Integer(),
    unit: Type.String({ description: 'hal0-slot@<name>.service' }),
    pid: nullable(Type.Integer()),
    boot_id: nullable(Type.String({ description: 'Kernel boot in which this was written.' })),
    reason: nullable(Type.String({ description: 'Why the state was entered, in words.' })),
    pull: nullable(Type.String({ description: 'Model being pulled while pulling.' })),
    error: nullable(ErrorBody),
    intent: nullable(
      Type.Enum(['load'], { description: 'What was accepted and follows as soon as it can: a load, or nothing.' }),
    ),
  },
  { additionalProperties: false },
)
export type SlotRecord = Static<typeof SlotRecord>

const queue = {
  in_flight: Type.Integer({ description: 'Requests at the backend.' }),
  waiting: Type.Integer({ description: 'Requests that wait for the load, or for a place.' }),
  oldest_s: nullable(Type.Number({ description: 'How long the oldest of them has waited; null: none waits.' })),
  expected_wait_s: nullable(
    Type.Number({ description: 'How long a request that comes now will wait, from recent ones; null: unknown.' }),
  ),
}

/** The requests of a slot, and what one more has to expect. */
export const SlotQueue = Type.Object(queue, { additionalProperties: false })
export type SlotQueue = Static<typeof SlotQueue>

/** Data of a `queue` event: sent while requests wait, at most 4 a second, and once when none waits any more. Never written to disk. */
export const SlotQueueEvent = Type.Object({ name: SlotName, ...queue }, { additionalProperties: false })
export type SlotQueueEvent = Static<typeof SlotQueueEvent>

/** `repo` and `file` say where the model comes from if it is missing. */
export const SwapRequest = Type.Object(
  {
    model: ModelId,
    repo: Type.Optional(HubRepo),
    file: Type.Optional(HubFile),
    revision: Type.Optional(HubRevision),
  },
  {
    additionalProperties: false,
    // Half a source is useless.
    dependentRequired: { repo: ['file'], file: ['repo'], revision: ['repo'] },
  },
)
export type SwapRequest = Static<typeof SwapRequest>

/** Figures of a pull (spec §3); null until they are known. */
export const PullFigures = Type.Object({
  bytes_total: nullable(Type.Integer()),
  bytes_received: Type.Integer(),
  throughput_bps: nullable(Type.Number()),
  elapsed_s: Type.Number(),
  eta_s: nullable(Type.Number()),
  file: nullable(Type.String()),
  phase: Type.Enum(['resolving', 'downloading', 'verifying', 'done', 'failed', 'cancelled']),
})

export type PullFigures = Static<typeof PullFigures>

/** Data of a `progress` event: sent between transitions, never written to disk (spec §5). */
export const SlotProgress = Type.Object(
  {
    name: SlotName,
    state: SlotState,
    elapsed_s: Type.Number(),
    expected_s: nullable(Type.Number()),
    pull: nullable(PullFigures),
  },
  { additionalProperties: false },
)
export type SlotProgress = Static<typeof SlotProgress>

/** Data of a `gap` event of a slot's log: some of what was printed is missing here. */
export const LogGap = Type.Object(
  {
    /** How much; null if unknown. */
    bytes: nullable(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
)
export type LogGap = Static<typeof LogGap>
