/** The rules of a slot, as its file and the bodies of the API have them: filled in, and changed key by key. Pure. */
import type { BodyRules, SlotRules, SlotRulesPatch } from '../../contract/rules/slot-rules.ts'
import { isTable, type Table } from '../../lib/validate.ts'

/**
 * `before` with the changes of `patch`: null takes a key away, and tables are changed key by key.
 * @param depth number of levels of tables below this one that are changed like this; deeper values are replaced as a whole
 */
const merged = (before: unknown, patch: Table, depth: number): Table => {
  const after = new Map(Object.entries(isTable(before) ? before : {}))
  for (const [key, change] of Object.entries(patch)) {
    const value = isTable(change) && depth > 0 ? merged(after.get(key), change, depth - 1) : change
    // What has become empty is gone, but a profile may be empty.
    const isEmptied = depth === 1 && isTable(value) && isTable(change) && Object.keys(value).length === 0
    if (value === null || isEmptied) after.delete(key)
    else after.set(key, value)
  }
  return Object.fromEntries(after)
}

/** How deep each key is changed key by key: to the values of default and fixed. */
const depths = { params: 1, profiles: 2 } as const
export const ruleKeys = Object.keys(depths) as (keyof SlotRules)[]

/** The keys of a slot's file that a change of its rules replaces; undefined: the key goes. @param table the file's content */
export const changedRules = (table: Table, patch: SlotRulesPatch): Table => {
  const changes: Table = {}
  for (const key of ruleKeys) {
    const change = patch[key]
    if (change === undefined) continue
    const after = change === null ? {} : merged(table[key], change as Table, depths[key])
    changes[key] = Object.keys(after).length === 0 ? undefined : after
  }
  return changes
}

/** Values read from TOML have no prototype, which some code does not expect. */
const valuesOf = (table: unknown): Table => (isTable(table) ? structuredClone({ ...table }) : {})

const wholeSet = (set: unknown): BodyRules => {
  const { default: fill, fixed, remove } = isTable(set) ? set : {}
  return { default: valuesOf(fill), fixed: valuesOf(fixed), remove: Array.isArray(remove) ? remove.map(String) : [] }
}

/** The rules that a file has, or a slot's with changes, with all their parts. */
export const wholeRules = ({ params, profiles }: Table): SlotRules => ({
  params: wholeSet(params),
  profiles: Object.fromEntries(
    Object.entries(isTable(profiles) ? profiles : {}).map(([name, set]) => [name, wholeSet(set)]),
  ),
})
