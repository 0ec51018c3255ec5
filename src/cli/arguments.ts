/** The words of a command line as arguments. citty parses them; here is refused what it lets pass. */
import { type ArgDef, type ArgsDef, type ParsedArgs, parseArgs } from 'citty'
import { didYouMean } from '../lib/text/did-you-mean.ts'
import { usageError } from './terminal/failure.ts'

/** The one-letter form of a flag. */
export const shortOf = (arg: ArgDef): string | null =>
  'alias' in arg && typeof arg.alias === 'string' ? arg.alias : null

export const isRequired = (arg: ArgDef): boolean =>
  arg.type === 'positional' ? arg.required !== false && arg.default === undefined : arg.required === true

/** A positional argument as usage and messages write it. */
export const shownName = (name: string, { valueHint }: ArgDef): string => valueHint ?? name.toUpperCase()

/** The flags with their `--`; of one that is on by default the negative form, which is the only useful one. */
export const flagForms = (args: ArgsDef): [form: string, arg: ArgDef][] =>
  Object.entries(args).flatMap(([name, arg]): [string, ArgDef][] => {
    if (arg.type === 'positional') return []
    return [[arg.type === 'boolean' && arg.default === true ? `--no-${name}` : `--${name}`, arg]]
  })

/** The words in which flags may be: those before `--`. */
export const flagWords = (words: readonly string[]): readonly string[] => {
  const end = words.indexOf('--')
  return end === -1 ? words : words.slice(0, end)
}

interface Given {
  name: string
  /** Behind its `=`. */
  inline: string | undefined
  /** What is behind its `=`, else the next word. */
  value: string | undefined
}

/** The flags in the order in which they are given. */
const givenFlags = (words: readonly string[], args: ArgsDef): Given[] =>
  flagWords(words).flatMap((word, index, all) => {
    const [, long, inline] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? []
    const name = long ?? Object.entries(args).find(([, arg]) => word === `-${shortOf(arg)}`)?.[0]
    return name === undefined ? [] : [{ name, inline, value: inline ?? all[index + 1] }]
  })

/** The positional with this name takes all remaining words; citty keeps them in `_`. */
const rest = 'words'

/** Flags that may be given more than once; citty itself keeps only the last one. */
const repeatable = { set: true, unset: true }

/** Every value of a flag that may be repeated, in order. */
export const repeated = (words: readonly string[], name: keyof typeof repeatable): string[] =>
  givenFlags(words, {}).flatMap((flag) => (flag.name === name && flag.value !== undefined ? [flag.value] : []))

/** The flag that is called so, or that `no-NAME` turns off. */
const flagCalled = (args: ArgsDef, name: string): [name: string, type: ArgDef['type']] | null => {
  const key = Object.hasOwn(args, name) ? name : name.replace(/^no-/, '')
  const type = Object.hasOwn(args, key) ? args[key]?.type : 'positional'
  return type === 'positional' || (key !== name && type !== 'boolean') ? null : [key, type]
}

/** @throws Failure wrong usage */
const checkFlags = (words: readonly string[], args: ArgsDef, parsed: ParsedArgs): void => {
  const forms = flagForms(args).map(([form]) => form)
  const times = new Map<string, number>()
  for (const { name, inline, value } of givenFlags(words, args)) {
    const flag = flagCalled(args, name)
    if (flag === null) throw usageError(`Unknown option '--${name}'.${didYouMean(`--${name}`, forms)}`)
    const [key, type] = flag
    if (type === 'boolean' && inline !== undefined) throw usageError(`--${name} takes no value.`)
    // Where the next word is another flag, the value was forgotten. Behind a `=` anything is a value.
    const isForgotten = value === undefined || (inline === undefined && /^-./.test(value))
    if (type !== 'boolean' && isForgotten) throw usageError(`--${key} needs a value.`)
    times.set(key, (times.get(key) ?? 0) + 1)
  }
  for (const [key, count] of times) {
    if (count > 1 && !(key in repeatable)) throw usageError(`--${key} is given ${count} times; it takes one value.`)
  }
  const letters = ['_', ...Object.values(args).map(shortOf)]
  const letter = Object.keys(parsed).find((key) => key.length === 1 && !letters.includes(key))
  if (letter !== undefined) throw usageError(`Unknown option '-${letter}'.`)
}

/** @throws Failure wrong usage */
const checkWords = (args: ArgsDef, parsed: ParsedArgs): void => {
  const expected = Object.values(args).filter(({ type }) => type === 'positional').length
  const superfluous = rest in args ? undefined : parsed._[expected]
  if (superfluous !== undefined) throw usageError(`Unexpected argument '${superfluous}'.`)
  for (const [name, arg] of Object.entries(args)) {
    if (!isRequired(arg) || parsed[name] !== undefined) continue
    throw usageError(`${arg.type === 'positional' ? shownName(name, arg) : `--${name}`} is missing.`)
  }
}

/**
 * The arguments of a verb.
 * @throws Failure wrong usage: an unknown flag, one without its value or given twice, a word too many or too few
 */
export const readArguments = <A extends ArgsDef>(words: string[], args: A): ParsedArgs<A> => {
  // citty's own refusals come before ours, and in its own words.
  const optional = Object.fromEntries(Object.entries(args).map(([name, arg]) => [name, { ...arg, required: false }]))
  const parsed = parseArgs(words, optional)
  checkFlags(words, args, parsed)
  checkWords(args, parsed)
  return parsed as ParsedArgs<A>
}

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
  throw usageError(`--${flag} takes one of ${choices.join(', ')}, not '${text}'.${didYouMean(text, choices)}`)
}
