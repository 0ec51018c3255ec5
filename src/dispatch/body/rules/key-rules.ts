/** Makes what `rewrite` needs of the rules of a slot and its profile. Pure. */
import type { BodyRules, SlotRules } from '../../../contract/rules/slot-rules.ts'
import type { KeyRule, KeyRules } from './edit-members.ts'

const entriesOf = ({ default: fill, fixed, remove }: BodyRules): [string, KeyRule][] => [
  ...remove.map((key): [string, KeyRule] => [key, { do: 'remove' }]),
  ...Object.entries(fixed).map(([key, value]): [string, KeyRule] => [key, { do: 'set', value: json(value) }]),
  ...Object.entries(fill).map(([key, value]): [string, KeyRule] => [key, { do: 'fill', value: json(value) }]),
]

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** They belong to a slot's configuration, which is replaced when it changes. */
const made = new WeakMap<SlotRules['profiles'] | BodyRules, KeyRules | null>()

/**
 * The rules for a request; null: none. What the profile says about a key counts, whatever the slot says about it.
 * @param profile undefined: the request names none
 */
export const keyRules = ({ params, profiles }: SlotRules, profile?: string): KeyRules | null => {
  const own = profile === undefined ? undefined : profiles[profile]
  // Both belong to one configuration, so the profile stands for the two.
  const key = own ?? params
  const known = made.get(key)
  if (known !== undefined) return known
  const rules = new Map([...entriesOf(params), ...(own === undefined ? [] : entriesOf(own))])
  const result = rules.size === 0 ? null : rules
  made.set(key, result)
  return result
}
