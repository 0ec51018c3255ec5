/** Wire types of what `capture` keeps of a slot: prompts and answers. */
import { type Static, Type } from 'typebox'
import { nullable } from '../schema/nullable.ts'
import { outcomes } from './decision.ts'

/** How much is kept of each slot: the oldest requests go first. Of each text, its beginning. */
export const captureBounds = { requests: 100, bytes: 16 * 1024 * 1024, textBytes: 256 * 1024 } as const

const Text = Type.Object(
  {
    text: nullable(
      Type.String({ description: 'Its beginning, if it is longer than what is kept; null: it is no text.' }),
    ),
    bytes: Type.Integer({ description: 'Length of all of it.' }),
  },
  { additionalProperties: false },
)

/** One request that reached the backend. */
export const Captured = Type.Object(
  {
    time: Type.String({ description: 'RFC 3339: arrival of the request.' }),
    request_id: Type.String({ description: 'The x-request-id of its answer.' }),
    path: Type.String({ description: 'The endpoint, e.g. /v1/chat/completions' }),
    model: nullable(Type.String({ description: 'What the client asked for.' })),
    status: Type.Integer(),
    outcome: Type.Enum(outcomes),
    request: Text,
    answer: Text,
  },
  { additionalProperties: false },
)
export type Captured = Static<typeof Captured>
