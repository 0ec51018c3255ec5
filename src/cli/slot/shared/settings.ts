/** Turns `--set key=value` into values of a slot's configuration. */
import type { TSchema } from 'typebox'
import { commonDefaults, type SlotPatch, slotSchemas } from '../../../contract/slot-config.ts'
import { didYouMean } from '../../../lib/text/did-you-mean.ts'
import { problemsOf } from '../../../lib/validate.ts'
import { defaultProvider, providerTable } from '../../../providers/table.ts'
import { usageError } from '../../terminal/failure.ts'
import { quoted, shellText } from '../../values/shell-words.ts'
import { exampleFor, type ListForm, takenBy, typedValue, wordsTakenBy } from '../../values/typed-value.ts'
import { isRuleKey, rulePaths, setRule, unsetRule } from './rule-settings.ts'

const sections = providerTable.map(({ section }) => section)
/** By the name of their object in a body. */
const nested = new Map(sections.filter(({ isFlat }) => !isFlat).map((section) => [section.key, section]))

interface Key {
  schema: TSchema
  /** undefined: it has none. */
  byDefault: unknown
}

const body = (slotSchemas(sections).SlotPatch as unknown as { properties: Record<string, TSchema> }).properties
const flatDefaults = Object.assign({}, ...sections.filter(({ isFlat }) => isFlat).map(({ defaults }) => defaults))
const topDefaults: Record<string, unknown> = { ...commonDefaults, provider: defaultProvider, ...flatDefaults }

/** Every key as people write it: that of a section which is not flat as SECTION.KEY. */
const known = new Map<string, Key>(
  Object.entries(body).flatMap(([key, schema]): [string, Key][] => {
    const section = nested.get(key)
    if (section !== undefined) {
      return Object.entries(section.fields).map(([inner, field]) => [
        `${key}.${inner}`,
        { schema: field, byDefault: section.defaults[inner] },
      ])
    }
    // A flat section's keys stand here themselves, and rules have paths.
    return isRuleKey(key) || sections.some((one) => one.key === key)
      ? []
      : [[key, { schema, byDefault: topDefaults[key] }]]
  }),
)

export const keys = [...known.keys()]

export const setFlag = {
  set: {
    type: 'string',
    valueHint: 'KEY=VALUE',
    description: 'Set a key of the configuration; may be repeated',
    completes: [...keys.map((key) => `${key}=`), ...rulePaths],
  },
} as const

/** Help text on the keys and on how values are written. */
export const settingsHelp = `Keys: ${keys.join(', ')}.
What hal0 sets in the JSON of requests: params.default.KEY, params.fixed.KEY, params.remove, and the same in profiles.NAME:
--set params.default.temperature=0.2 --set profiles.deep.fixed.reasoning_effort=high
Lists are written as JSON or with commas: --set aliases=small,fast; arguments as in a shell: --set extra_args="-t 4"`

/** Somebody may write a key as it stands in the file, in the table of its provider. */
const withoutTable = (key: string): string => {
  const [table, inner, ...more] = key.split('.')
  return more.length === 0 && sections.some((one) => one.isFlat && one.key === table) ? (inner ?? key) : key
}

const find = (key: string): Key => {
  const found = known.get(key)
  if (found === undefined) {
    const near = didYouMean(withoutTable(key), keys)
    throw usageError(`'${key}' is not a key of a slot. The keys are: ${keys.join(', ')}, params, profiles.${near}`)
  }
  return found
}

/** Arguments of the program that runs the model are written as in a shell. */
const formOf = (key: string): ListForm => (/(^|\.)extra_args$/.test(key) ? 'shell' : 'commas')

/** Arguments as `--set` takes them; null for the value of another key. */
export const argumentsText = (key: string, value: unknown): string | null =>
  Array.isArray(value) && formOf(key) === 'shell' ? shellText(value.map(String)) : null

const put = (patch: Record<string, unknown>, key: string, value: unknown): void => {
  const [outer = key, inner] = key.split('.', 2)
  patch[outer] =
    inner === undefined ? value : { ...(patch[outer] as Record<string, unknown> | undefined), [inner]: value }
}

/**
 * @param assignments the words after each `--set`
 * @param flags keys that are flags of their own in this command
 * @throws Failure wrong usage: no `=`, an unknown key, a value that the key does not take
 */
export const parseSettings = (assignments: readonly string[], flags: readonly string[] = []): SlotPatch => {
  const patch: Record<string, unknown> = {}
  for (const assignment of assignments) {
    const at = assignment.indexOf('=')
    if (at < 1) throw usageError(`--set takes KEY=VALUE, not '${assignment}'.`)
    const key = assignment.slice(0, at)
    const text = assignment.slice(at + 1)
    if (isRuleKey(key)) {
      setRule(patch, key, text)
      continue
    }
    const { schema, byDefault } = find(key)
    const form = formOf(key)
    const value = typedValue(schema, text, form)
    if (problemsOf(schema, value).length > 0) {
      if (key === 'model' && text.includes('/')) {
        throw usageError(
          `'${text}' is not the id of a model. Pull it first, then give its id.`,
          `hal0 pull ${quoted(text)}`,
        )
      }
      const near = didYouMean(text, wordsTakenBy(schema))
      const example = `${flags.includes(key) ? `--${key} ` : `--set ${key}=`}${exampleFor(schema, byDefault, form)}`
      throw usageError(
        `'${text}' cannot be the ${key} of a slot: it takes ${takenBy(schema, form)}, e.g. ${example}.${near}`,
      )
    }
    put(patch, key, value)
  }
  return patch
}

/** Adds to a patch that keys are reset to their defaults. @throws Failure wrong usage */
export const parseUnset = (unset: readonly string[], patch: SlotPatch = {}): SlotPatch => {
  for (const key of unset) {
    if (isRuleKey(key)) {
      unsetRule(patch, key)
      continue
    }
    const { byDefault } = find(key)
    if (byDefault === undefined) throw usageError(`'${key}' has no default to go back to.`)
    put(patch, key, byDefault)
  }
  return patch
}
