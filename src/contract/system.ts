/** Wire types of the daemon itself. */
import { type Static, Type } from 'typebox'
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
      Type.Object({
        name: Type.String(),
        state: SlotState,
        model: nullable(Type.String()),
        port: Type.Integer(),
        capture: Type.Boolean({ description: 'Its prompts and answers are kept.' }),
      }),
    ),
  },
  { additionalProperties: false },
)
export type Status = Static<typeof Status>
