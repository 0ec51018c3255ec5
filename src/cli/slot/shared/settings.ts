/** Turns `--set key=value` into values of a slot's configuration. */
import type { TSchema } from 'typebox'
import { SlotPatch, slotDefaults } from '../../../contract/slot.ts'
import { problemsOf } from '../../../lib/validate.ts'
import { usageError } from '../../terminal/failure.ts'
import { typedValue } from '../../typed-value.ts'

export const setFlag = {
  set: { type: 'string', valueHint: 'KEY=VALUE', description: 'Set a key of the configuration; may be repeated' },
} as const

const schemas = SlotPatch.properties as unknown as Record<string, TSchema>

export const keys = Object.keys(schemas)

/** Help text on the keys and on how values are written. */
export const settingsHelp = `Keys: ${keys.join(', ')}.
Lists are written as JSON or with commas: --set aliases=small,fast`

const schemaOf = (key: string): TSchema => {
  const schema = Object.hasOwn(schemas, key) ? schemas[key] : undefined
  if (schema === undefined) throw usageError(`'${key}' is not a key of a slot. The keys are: ${keys.join(', ')}.`)
  return schema
}

/**
 * @param assignments the words after each `--set`
 * @throws Failure wrong usage: no `=`, an unknown key, a value that the key does not take
 */
export const parseSettings = (assignments: readonly string[]): SlotPatch => {
  const patch: Record<string, unknown> = {}
  for (const assignment of assignments) {
    const at = assignment.indexOf('=')
    if (at < 1) throw usageError(`--set takes KEY=VALUE, not '${assignment}'.`)
    const key = assignment.slice(0, at)
    const text = assignment.slice(at + 1)
    const schema = schemaOf(key)
    const value = typedValue(schema, text)
    const problem = problemsOf(schema, value)[0]
    if (problem !== undefined) throw usageError(`'${text}' cannot be the ${key} of a slot: it ${problem.reason}.`)
    patch[key] = value
  }
  return patch
}

/** A patch that resets keys to their defaults. @throws Failure wrong usage */
export const parseUnset = (unset: readonly string[]): SlotPatch => {
  const defaults: Record<string, unknown> = slotDefaults
  const patch: Record<string, unknown> = {}
  for (const key of unset) {
    schemaOf(key)
    if (!(key in defaults)) throw usageError(`'${key}' has no default to go back to.`)
    patch[key] = defaults[key]
  }
  return patch
}
