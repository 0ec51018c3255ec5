/** What can follow the words of an unfinished command line: one place for all shells. */
import { parseArgs } from 'citty'
import { flagForms, shortOf } from '../arguments.ts'
import type { Args, Command, Completion, Group } from '../command.ts'
import { findCommand } from './find.ts'
import { namesOf } from './names.ts'

const groupWords = ({ commands, aliases }: Group): string[] => [...Object.keys(commands), ...Object.keys(aliases ?? {})]

const valuesOf = async (root: Group, completes: Completion | undefined, before: string[]): Promise<string[] | null> => {
  if (completes === undefined) return null
  if (completes === 'command') return wordsAfter(root, before)
  if (typeof completes !== 'string') return [...completes]
  const kinds = completes === 'slot or model' ? (['slot', 'model'] as const) : ([completes] as const)
  return (await Promise.all(kinds.map(namesOf))).flat()
}

const flagsOf = (args: Args): string[] => [
  ...flagForms(args).map(([form]) => form),
  ...Object.values(args)
    .flatMap((arg) => shortOf(arg) ?? [])
    .map((short) => `-${short}`),
  '--help',
]

/** What can follow the arguments of a verb. */
const argumentWords = async (root: Group, args: Args, before: string[], typed: string): Promise<string[] | null> => {
  const last = before.at(-1) ?? ''
  // bash gives a `=` as a word of its own; what is behind it is not completed.
  if (last === '=' || typed === '=') return []
  const isOpen = !before.includes('--')
  const flag = Object.entries(args).find(
    ([name, arg]) => arg.type !== 'positional' && (last === `--${name}` || last === `-${shortOf(arg)}`),
  )
  if (isOpen && flag !== undefined && flag[1].type === 'string') return valuesOf(root, flag[1].completes, before)
  if (isOpen && typed.startsWith('-')) return flagsOf(args)
  const optional = Object.fromEntries(Object.entries(args).map(([name, arg]) => [name, { ...arg, required: false }]))
  const given = parseArgs(before, optional)._
  const positionals = Object.entries(args).filter(([, { type }]) => type === 'positional')
  // The last one may take all further words.
  const [name, arg] = positionals[given.length] ?? positionals.findLast(([key]) => key === 'words') ?? []
  return name === undefined ? [] : valuesOf(root, arg?.completes, given)
}

const wordsAfter = async (root: Group, before: string[], typed = ''): Promise<string[] | null> => {
  const found = await findCommand(root, before).catch(() => null)
  // No command begins so: there is nothing to complete.
  if (found === null) return []
  const command: Command = found.command
  if (command.kind === 'group') return typed.startsWith('-') ? ['--help'] : groupWords(command)
  return argumentWords(root, command.args, found.rest, typed)
}

/**
 * The words that can stand where the last word is being typed.
 * @param words those after the program's name; the last one may be empty
 * @returns null if it is a value that hal0 has no words for: it may be a file
 */
export const complete = async (root: Group, words: readonly string[]): Promise<string[] | null> => {
  const typed = words.at(-1) ?? ''
  const candidates = await wordsAfter(root, words.slice(0, -1), typed)
  return candidates && [...new Set(candidates)].filter((word) => word.startsWith(typed))
}
