/** Wire types of the decision log (spec §2.3). */
import { type Static, Type } from 'typebox'
import { CallerName, Priority } from '../caller.ts'
import { nullable } from '../schema/nullable.ts'
import { patterned } from '../schema/pattern.ts'
import { SlotState } from '../slot.ts'

export const outcomes = ['ok', 'error', 'aborted', 'broken'] as const

/** One request and what became of it. Durations are milliseconds; what an older hal0 did not record is null. */
export const Decision = Type.Object(
  {
    id: Type.Integer({ description: 'Grows; the cursor of the list.' }),
    time: Type.String({ description: 'RFC 3339: arrival of the request.' }),
    request_id: Type.String({ description: 'The x-request-id of its answer.' }),
    path: Type.String({ description: 'The endpoint, e.g. /v1/chat/completions' }),
    caller: nullable(CallerName),
    model: nullable(Type.String({ description: 'What the client asked for.' })),
    candidates: Type.Array(Type.String(), { description: 'Registry refs considered.' }),
    slot: nullable(Type.String()),
    reason: Type.String({ description: 'Why this slot, or why none.' }),
    state: nullable(SlotState),
    wait_ms: nullable(Type.Number({ description: 'Arrival to the lease: load_ms, queue_ms, and reading the body.' })),
    load_ms: nullable(Type.Number({ description: 'How long it waited for the slot to load.' })),
    queue_ms: nullable(Type.Number({ description: 'How long it waited for a place at the loaded slot.' })),
    priority: nullable(Priority),
    position: nullable(
      Type.Integer({ description: 'Its place among those that waited when it came, from 1; null: it did not wait.' }),
    ),
    first_byte_ms: nullable(Type.Number({ description: 'Arrival to the first byte of the body.' })),
    duration_ms: Type.Number({ description: 'Arrival to the end of the answer.' }),
    status: Type.Integer(),
    outcome: Type.Enum(outcomes),
    code: nullable(Type.String({ description: 'Error code of hal0, where it answered itself.' })),
    message: nullable(
      Type.String({ description: 'What hal0 told the client where it refused the request or broke it off.' }),
    ),
    streamed: Type.Boolean(),
    prompt_tokens: nullable(Type.Integer()),
    cached_tokens: nullable(Type.Integer({ description: 'Those of the prompt that the backend already had.' })),
    completion_tokens: nullable(Type.Integer()),
    tokens_per_second: nullable(Type.Number({ description: 'How fast the answer was generated.' })),
  },
  { additionalProperties: false },
)
export type Decision = Static<typeof Decision>

/** A point in time as people and programs write it. */
const Time = (description: string) =>
  patterned(
    '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$',
    'must be a time, as 2026-01-31T12:00:00Z',
    { description: `RFC 3339. ${description}` },
  )

/** Which decisions are wanted; those that have everything that is named here. */
export const decisionFilter = {
  slot: Type.Optional(Type.String({ maxLength: 128 })),
  model: Type.Optional(Type.String({ maxLength: 512, description: 'What the client asked for.' })),
  caller: Type.Optional(Type.String({ maxLength: 128, description: 'The name of a key, or an address.' })),
  endpoint: Type.Optional(Type.String({ maxLength: 128, description: 'e.g. /v1/chat/completions' })),
  status: Type.Optional(Type.Integer({ minimum: 100, maximum: 999 })),
  outcome: Type.Optional(Type.Enum(outcomes)),
  request: Type.Optional(Type.String({ maxLength: 128, description: 'The x-request-id of the answer.' })),
  text: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'Part of the model, the reason, the message, the code or the request id; A to Z like a to z.',
    }),
  ),
  since: Type.Optional(Time('Only requests that came then or later.')),
  until: Type.Optional(Time('Only requests that came before.')),
}

export const DecisionFilter = Type.Object(decisionFilter, { additionalProperties: false })
export type DecisionFilter = Static<typeof DecisionFilter>
