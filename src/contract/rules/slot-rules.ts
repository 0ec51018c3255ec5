/**
 * Rules of a slot (spec §2.3): what hal0 changes in the JSON bodies of its requests. A profile is another set of them, which a client
 * chooses by the model `NAME:PROFILE`.
 */
import { type Static, Type } from 'typebox'
import { nullable } from '../schema/nullable.ts'

const exact = { additionalProperties: false } as const

/** Bounds of one set of rules: its keys, and its values as JSON text. */
export const rulesBounds = { keys: 64, bytes: 64 * 1024, depth: 16, profiles: 32 } as const

/** Keys of a body, with their values. */
const Values = (description: string) => Type.Record(Type.String(), Type.Unknown(), { description })
const Keys = (description: string) => Type.Array(Type.String(), { uniqueItems: true, description })

const fields = {
  default: Values('Keys of the body that are filled in where the client gave none, or null.'),
  fixed: Values('Keys of the body that always have these values.'),
  remove: Keys('Keys that are always taken out of the body.'),
}

export const BodyRules = Type.Object(fields, exact)
/** A set of rules; no key is in two of its parts. */
export type BodyRules = Static<typeof BodyRules>

/** As a slot's file has them: parts may be left out, and keys that hal0 does not know stay where they are. */
const FileRules = Type.Partial(Type.Object(fields))
export const fileRulesKeys = { params: FileRules, profiles: Type.Record(Type.String(), FileRules) }

/** A change of a set: each key by itself, with null to take one away. `remove` is replaced as a whole. */
const RulesPatch = Type.Object(
  {
    default: Type.Optional(nullable(fields.default)),
    fixed: Type.Optional(nullable(fields.fixed)),
    remove: Type.Optional(nullable(fields.remove)),
  },
  exact,
)
export type RulesPatch = Static<typeof RulesPatch>

/** The keys of a slot's configuration that are about this. */
export const rulesKeys = {
  params: BodyRules,
  profiles: Type.Record(Type.String(), BodyRules, {
    description: 'More rules, for requests with the model NAME:PROFILE. Their keys count before those of params.',
  }),
}

/** Sets of rules that a slot has: its own, and those of its profiles, by name. */
export type SlotRules = { [K in keyof typeof rulesKeys]: Static<(typeof rulesKeys)[K]> }

/** The same keys in a change of the configuration; null takes everything away. */
export const rulesPatchKeys = {
  params: Type.Optional(nullable(RulesPatch)),
  profiles: Type.Optional(nullable(Type.Record(Type.String(), nullable(RulesPatch)))),
}
export interface SlotRulesPatch {
  params?: RulesPatch | null | undefined
  profiles?: Record<string, RulesPatch | null> | null | undefined
}

/** Without any rule. */
export const noBodyRules: BodyRules = { default: {}, fixed: {}, remove: [] }
