/** Who sends a request, and what they may do (spec §8). */
import { type Static, Type } from 'typebox'
import { nullable } from './schema/nullable.ts'

/** What a route requires of its caller: `admin` may do everything, `infer` may use models, `none` is for everybody. */
export type Scope = 'none' | 'infer' | 'admin'

/** Whose requests go first where a slot has a queue. */
export const Priority = Type.Enum(['interactive', 'batch'], {
  description: 'batch: requests wait behind interactive ones.',
})
export type Priority = Static<typeof Priority>

/** As the decision log names it. */
export const CallerName = Type.Object(
  {
    kind: Type.Enum(['local'], { description: 'local: a program that reached hal0 without a key.' }),
    name: nullable(Type.String({ description: 'Of what it showed, e.g. its key; null: it showed nothing.' })),
    address: Type.String({ description: 'The address that the request came from.' }),
  },
  { additionalProperties: false },
)

/** Every request has a caller, found at the gate. */
export interface Caller extends Static<typeof CallerName> {
  readonly scope: Exclude<Scope, 'none'>
  /** Of its key; absent: its requests are interactive unless they say otherwise. */
  readonly priority?: Priority
}

export const allows = ({ scope }: Pick<Caller, 'scope'>, needed: Scope): boolean =>
  needed === 'none' || scope === 'admin' || scope === needed
