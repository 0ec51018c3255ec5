/** Wire types of keys: what programs on the network show to be let in (spec §8). */
import { type Static, Type } from 'typebox'
import { GrantedScope, Priority } from '../caller.ts'
import { nullable } from '../schema/nullable.ts'
import { patterned } from '../schema/pattern.ts'
import { SlotName } from '../slot.ts'

const exact = { additionalProperties: false } as const

export const KeyName = patterned(
  '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  'must be a name of up to 64 letters, digits, dots, dashes and underscores that begins with a letter or a digit',
  { examples: ['phone'] },
)

const perMinute = Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Requests for inference a minute.' })
const perDay = Type.Integer({
  minimum: 1,
  maximum: 1_000_000_000_000,
  description: 'Tokens a day (UTC), of prompts and answers.',
})

export const KeyCreate = Type.Object(
  {
    name: KeyName,
    scope: GrantedScope,
    slots: Type.Optional(
      Type.Array(SlotName, {
        minItems: 1,
        maxItems: 64,
        uniqueItems: true,
        description: 'The only slots that the key sees and reaches. Such a key has the scope infer.',
      }),
    ),
    priority: Type.Optional(Priority),
    expires_s: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 3_153_600_000, description: 'Seconds from now; absent: never.' }),
    ),
    requests_per_minute: Type.Optional(perMinute),
    tokens_per_day: Type.Optional(perDay),
  },
  exact,
)
export type KeyCreate = Static<typeof KeyCreate>

const shown = {
  name: Type.String(),
  prefix: Type.String({ description: 'How the key begins, to recognise it by.' }),
  scope: GrantedScope,
  slots: nullable(Type.Array(Type.String())),
  priority: nullable(Priority),
  requests_per_minute: nullable(perMinute),
  tokens_per_day: nullable(perDay),
  created_at: Type.String({ description: 'RFC 3339.' }),
  expires_at: nullable(Type.String({ description: 'RFC 3339; null: never.' })),
  last_used_at: nullable(Type.String({ description: 'RFC 3339; null: never.' })),
  requests: Type.Integer({ description: 'Requests for inference that it has made.' }),
  tokens: Type.Integer({ description: 'Tokens of their prompts and answers.' }),
}

export const Key = Type.Object(shown, exact)
export type Key = Static<typeof Key>

export const KeyMade = Type.Object(
  { ...shown, key: Type.String({ description: 'The key itself. It is shown only here.' }) },
  exact,
)
export type KeyMade = Static<typeof KeyMade>
