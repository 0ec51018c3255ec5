/** Wire types of the explanations: what led to the state of a slot or to the answer of a request. */
import { type Static, Type } from 'typebox'
import { nullable } from '../schema/nullable.ts'
import { SlotState } from '../slot.ts'

/** Something that happened to a slot, as it is kept. `asked`: somebody gave it a command, or a request needed it loaded. */
export const SlotHappening = Type.Object(
  {
    time: Type.String({ description: 'RFC 3339 with milliseconds.' }),
    what: Type.Enum(['asked', 'state']),
    slot: Type.String(),
    text: Type.String({ description: 'asked: the command; state: why the slot entered it.' }),
    state: nullable(SlotState),
    model: nullable(Type.String()),
    code: nullable(Type.String({ description: 'Code of the error.' })),
    said: nullable(Type.String({ description: 'The line of the backend that shows the cause, or its last one.' })),
    request_id: nullable(Type.String()),
    caller: nullable(Type.String({ description: 'The name of a key, or an address.' })),
  },
  { additionalProperties: false },
)
export type SlotHappening = Static<typeof SlotHappening>
