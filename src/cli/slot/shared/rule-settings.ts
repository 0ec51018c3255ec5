/**
 * Rules of a slot as `--set` and `--unset` take them, by their path: `params.default.temperature=0.2`, `profiles.deep.remove=top_k`, or
 * everything below a path as JSON. Pure.
 */

import { type BodyRules, noBodyRules, type SlotRules } from '../../../contract/rules/slot-rules.ts'
import { didYouMean } from '../../../lib/text/did-you-mean.ts'
import { isTable, type Table } from '../../../lib/validate.ts'
import { usageError } from '../../terminal/failure.ts'

const parts = Object.keys(noBodyRules)

/** The beginnings of such paths, for completion. */
export const rulePaths = ['params.default.', 'params.fixed.', 'params.remove', 'profiles.']

export const isRuleKey = (key: string): boolean => /^(params|profiles)(\.|$)/.test(key)

/** @throws Failure wrong usage */
const pathOf = (key: string): string[] => {
  const path = key.split('.')
  const [first = '', second] = path
  const at = first === 'params' ? 1 : 2
  const part = path[at]
  const longest = at + (part === 'remove' ? 1 : 2)
  if (path.includes('') || second === '') throw usageError(`'${key}' has an empty part between its dots.`)
  if (part !== undefined && !parts.includes(part)) {
    const example = [...path.slice(0, at), 'default', part].join('.')
    const near = didYouMean(part, parts)
    throw usageError(`'${part}' in ${key} is none of ${parts.join(', ')}: give the part, too, as in ${example}.${near}`)
  }
  if (path.length > longest)
    throw usageError(`'${key}' goes too deep: ${path.slice(0, longest).join('.')} is one value.`)
  return path
}

const json = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // It is a text without quotes.
    return undefined
  }
}

/** @throws Failure wrong usage */
const ruleValue = (key: string, path: readonly string[], text: string): unknown => {
  const parsed = json(text)
  const isWhole = path.length === (path[0] === 'params' ? 3 : 4)
  if (isWhole) return parsed === undefined ? text : parsed
  if (path.at(-1) === 'remove') {
    if (Array.isArray(parsed)) return parsed
    return text === '' ? [] : text.split(',').map((part) => part.trim())
  }
  if (isTable(parsed) || parsed === null) return parsed
  throw usageError(
    `'${text}' cannot be ${key}: it takes an object as JSON, or set one key of it: --set ${key}.KEY=VALUE`,
  )
}

const put = (patch: Table, path: readonly string[], value: unknown): void => {
  const [first = '', ...rest] = path
  if (rest.length === 0) {
    patch[first] = value
    return
  }
  const inner = patch[first]
  const table = isTable(inner) ? inner : {}
  patch[first] = table
  put(table, rest, value)
}

/** Adds a change to the body of an edit. @throws Failure wrong usage */
export const setRule = (patch: Table, key: string, text: string): void => {
  const path = pathOf(key)
  put(patch, path, ruleValue(key, path, text))
}

/** Adds the removal of everything below a path. @throws Failure wrong usage */
export const unsetRule = (patch: Table, key: string): void => put(patch, pathOf(key), null)

/** What a slot has at a path. */
export const ruleAt = (rules: SlotRules, key: string): string => {
  const value = key.split('.').reduce<unknown>((at, name) => (isTable(at) ? at[name] : undefined), rules)
  return value === undefined || (Array.isArray(value) && value.length === 0) ? '-' : JSON.stringify(value)
}

const rowsOfSet = (at: string, { default: fill, fixed, remove }: BodyRules): [string, string][] => [
  ...Object.entries(fill).map(([key, value]): [string, string] => [`${at}.default.${key}`, JSON.stringify(value)]),
  ...Object.entries(fixed).map(([key, value]): [string, string] => [`${at}.fixed.${key}`, JSON.stringify(value)]),
  ...(remove.length === 0 ? [] : [[`${at}.remove`, remove.join(', ')] as [string, string]]),
]

/** The rules of a slot, each in a row under its path. */
export const ruleRows = ({ params, profiles }: SlotRules): [string, string][] => {
  const own = rowsOfSet('params', params)
  const named = Object.entries(profiles).flatMap(([name, rules]) => {
    const rows = rowsOfSet(`profiles.${name}`, rules)
    return rows.length === 0 ? [[`profiles.${name}`, 'no rules'] as [string, string]] : rows
  })
  return [...(own.length === 0 ? [['params', '-'] as [string, string]] : own), ...named]
}
