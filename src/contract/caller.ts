/** Who sends a request, and what they may do (spec §8). */
import { type Static, Type } from 'typebox'
import { nullable } from './schema/nullable.ts'

/** What a route requires of its caller: `admin` may do everything, `infer` may use models, `none` is for everybody. */
export type Scope = 'none' | 'infer' | 'admin'

/** What a key grants. */
export const GrantedScope = Type.Enum(['infer', 'admin'], {
  description: 'infer: use models, and see the status. admin: everything.',
})
export type GrantedScope = Static<typeof GrantedScope>

/** Whose requests go first where a slot has a queue. */
export const Priority = Type.Enum(['interactive', 'batch'], {
  description: 'batch: requests wait behind interactive ones.',
})
export type Priority = Static<typeof Priority>

/** As the decision log names it. */
export const CallerName = Type.Object(
  {
    kind: Type.Enum(['key', 'session', 'socket', 'local', 'anyone'], {
      description:
        'key: showed a key; session: the dashboard, signed in; socket: came over the local socket; local: a program on this machine without a key; anyone: nobody in particular, since auth is open (or the route is for everybody).',
    }),
    name: nullable(
      Type.String({ description: 'Of the key, or of the key that the session began with; null: there is none.' }),
    ),
    address: Type.String({ description: 'The address that the request came from; over the socket, the user.' }),
  },
  { additionalProperties: false },
)

/** Every request has a caller, found at the gate. */
export interface Caller extends Static<typeof CallerName> {
  /** `none`: only what is for everybody. */
  readonly scope: Scope
  /** The only slots that it sees and reaches; null: all. */
  readonly slots: readonly string[] | null
  /** Of its key; absent: its requests are interactive unless they say otherwise. */
  readonly priority?: Priority
  /** Of the scope `none`: why what the request shows does not count, as a sentence. */
  readonly flaw?: string
}

export const allows = ({ scope }: Pick<Caller, 'scope'>, needed: Scope): boolean =>
  needed === 'none' || scope === 'admin' || scope === needed

/** Whether a caller sees and reaches a slot; what is not a slot (null) is for callers that are bound to none. */
export const reaches = ({ slots }: Pick<Caller, 'slots'>, slot: string | null): boolean =>
  slots === null || (slot !== null && slots.includes(slot))
