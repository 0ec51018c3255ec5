import { parseArgs } from 'node:util'
import type { ArgDef, ArgsDef } from 'citty'
import { usageError } from './terminal/failure.ts'

const optionsOf = (args: ArgsDef) => {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple: true }> = {}
  for (const [name, arg] of Object.entries(args)) {
    if (arg.type === 'positional') continue
    const short = shortOf(arg)
    const option = { type: arg.type === 'boolean' ? 'boolean' : 'string', multiple: true } as const
    options[name] = short === null ? option : { ...option, short }
  }
  return options
}

/** The one-letter form of a flag. */
export const shortOf = (arg: ArgDef): string | null =>
  'alias' in arg && typeof arg.alias === 'string' ? arg.alias : null

const parse = (rawArgs: string[], args: ArgsDef) => {
  try {
    return parseArgs({
      args: rawArgs,
      options: optionsOf(args),
      allowPositionals: true,
      allowNegative: true,
      strict: true,
    })
  } catch (error) {
    throw usageError(sentence(error))
  }
}

/** Node's error message without its advice, which is about Node. */
const sentence = (error: unknown): string => {
  const text = (error instanceof Error ? error.message : String(error)).split(/\. |\n/)[0] ?? ''
  return `${text.replace(/ <value>/, ' VALUE').replace(/\.$/, '')}.`
}

/**
 * Refuses what citty lets pass: unknown flags, flags without their value, single-value flags given twice, superfluous words.
 * @throws Failure wrong usage
 */
export const checkArguments = (rawArgs: string[], args: ArgsDef): void => {
  const { values, positionals } = parse(rawArgs, args)
  const expected = Object.values(args).filter(({ type }) => type === 'positional').length
  const superfluous = rest in args ? undefined : positionals[expected]
  if (superfluous !== undefined) throw usageError(`Unexpected argument '${superfluous}'.`)
  for (const [name, given] of Object.entries(values)) {
    if (name in repeatable || !Array.isArray(given) || given.length < 2) continue
    throw usageError(`--${name} is given ${given.length} times; it takes one value.`)
  }
}

/** The positional with this name takes all remaining words; citty keeps them in `_`. */
const rest = 'words'

/** Flags that may be given more than once; citty itself keeps only the last one. */
const repeatable = { set: true, unset: true }

/** Every value of a flag that may be repeated, in order. */
export const repeated = (rawArgs: string[], args: ArgsDef, name: keyof typeof repeatable): string[] =>
  ((parse(rawArgs, args).values[name] ?? []) as (string | boolean)[]).map(String)

/** A flag's value as a whole number in a range. @throws Failure wrong usage */
export const wholeNumber = (flag: string, text: string, minimum: number, maximum: number): number => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= minimum && value <= maximum) return value
  throw usageError(`--${flag} takes a whole number from ${minimum} to ${maximum}, not '${text}'.`)
}

/** A flag's value as one of a few words. @throws Failure wrong usage */
export const oneOf = <const T extends string>(flag: string, text: string, choices: readonly T[]): T => {
  const choice = choices.find((candidate) => candidate === text)
  if (choice !== undefined) return choice
  throw usageError(`--${flag} takes one of ${choices.join(', ')}, not '${text}'.`)
}
