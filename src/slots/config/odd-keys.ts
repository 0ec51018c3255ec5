/** Keys of a slot's file in tables that are hal0's own, which it does not know: they stay, but are likely mistakes. Pure. */
import { noBodyRules } from '../../contract/rules/slot-rules.ts'
import type { ConfigSection } from '../../contract/slot-config.ts'
import { didYouMean } from '../../lib/text/did-you-mean.ts'
import { isTable } from '../../lib/validate.ts'

type Table = Record<string, unknown>

/** More are a list to read, not a hint. */
const most = 5

const oddIn = (table: unknown, at: string, known: readonly string[], otherwise: string): string[] =>
  Object.keys(isTable(table) ? table : {})
    .filter((key) => !known.includes(key))
    .map((key) => `${key} in [${at}], which hal0 does not know.${didYouMean(key, known) || otherwise}`)

const parts = Object.keys(noBodyRules)
const intoParts = ' Keys of the JSON of requests go into default, fixed or remove there.'

/** What a sentence about the file ends in: `… has defualt in [params], which …`. */
export const oddKeys = (table: Table, { key, fields }: Pick<ConfigSection, 'key' | 'fields'>): string[] => {
  const profiles = Object.entries(isTable(table.profiles) ? table.profiles : {})
  return [
    ...oddIn(table[key], key, Object.keys(fields), ''),
    ...oddIn(table.params, 'params', parts, intoParts),
    ...profiles.flatMap(([name, rules]) => oddIn(rules, `profiles.${name}`, parts, intoParts)),
  ].slice(0, most)
}
