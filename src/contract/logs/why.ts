/** Wire types of the explanations: what led to the state of a slot or to the answer of a request. */
import { type Static, Type } from 'typebox'
import { nullable } from '../schema/nullable.ts'
import { SlotState } from '../slot.ts'

/** One thing that happened. Of those of a slot, the daemon keeps the latest; those of a request are made from its line in the log. */
export const Happening = Type.Object(
  {
    time: Type.String({ description: 'RFC 3339 with milliseconds.' }),
    what: Type.Enum(['asked', 'state', 'request'], {
      description:
        'asked: somebody gave the slot a command, or a request needed it loaded; state: the slot entered a state; request: a step of the request.',
    }),
    slot: nullable(Type.String()),
    text: Type.String({ description: 'The command; why the slot entered the state; or the step.' }),
    state: nullable(SlotState),
    model: nullable(Type.String()),
    code: nullable(Type.String({ description: 'Code of the error.' })),
    said: nullable(Type.String({ description: 'The line of the backend that shows the cause, or its last one.' })),
    request_id: nullable(Type.String()),
    caller: nullable(Type.String({ description: 'The name of a key, or an address.' })),
  },
  { additionalProperties: false },
)
export type Happening = Static<typeof Happening>

/** What happened to a slot, as it is kept. */
export interface SlotHappening extends Happening {
  slot: string
}

export const Why = Type.Object(
  {
    sentences: Type.Array(Type.String(), { description: 'The chain of causes, for people.' }),
    events: Type.Array(Happening, { description: 'What it is made from, oldest first.' }),
  },
  { additionalProperties: false },
)
export type Why = Static<typeof Why>
