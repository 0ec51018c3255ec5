/** Wire types of the daemon itself, and of the decision log. */
import { type Static, Type } from 'typebox'
import { CallerName } from './caller.ts'
import { nullable } from './schema/nullable.ts'
import { SlotState } from './slot.ts'

export const Health = Type.Object({ status: Type.Literal('ok') }, { additionalProperties: false })

export const Status = Type.Object(
  {
    version: Type.String(),
    uptime_s: Type.Number(),
    pid: Type.Integer(),
    supervisor: Type.String(),
    url: Type.String(),
    problems: Type.Array(Type.String({ description: 'What is wrong with the daemon itself, in sentences.' })),
    slots: Type.Array(
      Type.Object({ name: Type.String(), state: SlotState, model: nullable(Type.String()), port: Type.Integer() }),
    ),
  },
  { additionalProperties: false },
)
export type Status = Static<typeof Status>

/** One line of the decision log (spec §2.3). Durations are milliseconds; `caller` is null in lines of an older hal0. */
export const Decision = Type.Object(
  {
    id: Type.Integer({ description: 'Grows; the cursor of the list.' }),
    time: Type.String({ description: 'RFC 3339: arrival of the request.' }),
    request_id: Type.String(),
    path: Type.String({ description: 'e.g. /v1/chat/completions' }),
    caller: nullable(CallerName),
    model: nullable(Type.String({ description: 'What the client asked for.' })),
    candidates: Type.Array(Type.String(), { description: 'Registry refs considered.' }),
    slot: nullable(Type.String()),
    reason: Type.String({ description: 'Why this slot, or why none.' }),
    state: nullable(SlotState),
    wait_ms: nullable(Type.Number({ description: 'Arrival to the lease.' })),
    first_byte_ms: nullable(Type.Number({ description: 'Arrival to the first byte of the body.' })),
    duration_ms: Type.Number({ description: 'Arrival to the end of the answer.' }),
    status: Type.Integer(),
    outcome: Type.Enum(['ok', 'error', 'aborted', 'broken']),
    code: nullable(Type.String({ description: 'Error code of hal0, where it answered itself.' })),
    streamed: Type.Boolean(),
    prompt_tokens: nullable(Type.Integer()),
    completion_tokens: nullable(Type.Integer()),
  },
  { additionalProperties: false },
)
export type Decision = Static<typeof Decision>
