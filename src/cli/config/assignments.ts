/** Turns `key=value` words of a command line into changes of the settings. */
import { configDefaults } from '../../contract/config.ts'
import {
  type SettingPath,
  type SettingsPatch,
  settingKey,
  settingPaths,
  settingSchema,
} from '../../contract/settings.ts'
import { didYouMean } from '../../lib/text/did-you-mean.ts'
import { problemsOf } from '../../lib/validate.ts'
import { providerNames } from '../../providers/table.ts'
import { usageError } from '../terminal/failure.ts'
import { exampleFor, takenBy, typedValue, wordsTakenBy } from '../values/typed-value.ts'
import { settingValue } from './settings-text.ts'

const paths = settingPaths(providerNames)
export const keys = paths.map(settingKey)

/** Help text on the keys and on how values are written. */
export const assignmentsHelp = `Keys: ${keys.join(', ')}.
Lists are written as JSON or with commas. KEY=null resets a key to its default.`

/** @throws Failure wrong usage: an unknown key, or the token */
export const pathOf = (key: string): SettingPath => {
  if (key === 'hub.token') {
    throw usageError(
      "The hub's token is not set here: every program on this machine can read a command line. Take one that was typed here as known to others.",
      'hal0 config token',
    )
  }
  const path = paths.find((one) => settingKey(one) === key)
  if (path === undefined)
    throw usageError(`'${key}' is not a setting. The keys are: ${keys.join(', ')}.${didYouMean(key, keys)}`)
  return path
}

const change = (patch: Record<string, unknown>, [first, second]: SettingPath, value: unknown): void => {
  if (second === undefined) {
    patch[first] = value
    return
  }
  patch[first] = { ...(patch[first] as Record<string, unknown> | undefined), [second]: value }
}

/** @throws Failure wrong usage: no `=`, an unknown key, a value that the key does not take */
export const parseAssignments = (assignments: readonly string[]): SettingsPatch => {
  const patch: Record<string, unknown> = {}
  for (const assignment of assignments) {
    const at = assignment.indexOf('=')
    if (at < 1) throw usageError(`A setting is given as KEY=VALUE, not '${assignment}'.`)
    const path = pathOf(assignment.slice(0, at))
    const text = assignment.slice(at + 1)
    const schema = settingSchema(path)
    const value = text === 'null' ? null : typedValue(schema, text)
    if (value !== null && problemsOf(schema, value).length > 0) {
      const byDefault = settingValue({ values: configDefaults }, path)
      const near = didYouMean(text, wordsTakenBy(schema))
      const example = `e.g. hal0 config set ${settingKey(path)}=${exampleFor(schema, byDefault)}`
      throw usageError(`'${text}' cannot be ${settingKey(path)}: it takes ${takenBy(schema)}, ${example}.${near}`)
    }
    change(patch, path, value)
  }
  return patch
}

/** The keys that `assignments` set, each once. */
export const changedPaths = (assignments: readonly string[]): SettingPath[] => {
  const changed = new Set(assignments.map((assignment) => assignment.slice(0, assignment.indexOf('='))))
  return paths.filter((path) => changed.has(settingKey(path)))
}
