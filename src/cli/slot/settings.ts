/** `--set key=value`: the words of a command line as the values that a slot's configuration takes. */
import type { TSchema } from 'typebox'
import { SlotPatch, slotDefaults } from '../../contract/slot.ts'
import { problemsOf } from '../../lib/validate.ts'
import { usageError } from '../failure.ts'

export const setFlag = {
  set: { type: 'string', valueHint: 'KEY=VALUE', description: 'Set a key of the configuration; may be repeated' },
} as const

/** The part of JSON Schema that the slot's keys are made of. */
interface Shape {
  type?: string
  anyOf?: Shape[]
}

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

const typesOf = (shape: Shape): (string | undefined)[] =>
  shape.anyOf === undefined ? [shape.type] : shape.anyOf.flatMap(typesOf)

const words: Record<string, boolean> = { true: true, yes: true, on: true, false: false, no: false, off: false }

/** The text as the schema's type; as it stands where it is not one, for the check to say so. */
const read = (types: (string | undefined)[], text: string): unknown => {
  if (types.includes('null') && text === 'null') return null
  if (types.includes('boolean')) return words[text] ?? text
  if (types.includes('integer') || types.includes('number')) return /^[+-]?(\d|\.\d)/.test(text) ? Number(text) : text
  if (!types.includes('array')) return text
  if (!text.startsWith('[')) return text === '' ? [] : text.split(',').map((part) => part.trim())
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The schema's check then says that a list is wanted.
    return text
  }
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
    const value = read(typesOf(schema as Shape), text)
    const problem = problemsOf(schema, value)[0]
    if (problem !== undefined) throw usageError(`'${text}' cannot be the ${key} of a slot: it ${problem.reason}.`)
    patch[key] = value
  }
  return patch
}

/** The values that take keys back to their defaults. @throws Failure wrong usage */
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
