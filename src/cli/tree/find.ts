/** Finds a command in the tree by its words. */

import { askFor, nearest } from '../../lib/text/did-you-mean.ts'
import type { Command, Group } from '../command.ts'
import { usageError } from '../terminal/failure.ts'
import { printable } from '../terminal/style.ts'

export interface Found {
  command: Command
  /** The words of the command line up to here, e.g. `hal0 slot load`; those of the command itself, if an alias was given. */
  path: string
  /** The words behind it. */
  rest: string[]
  /** Other words for the command, in the same form as the path. */
  aliases: string[]
}

const isHelpFlag = (word: string): boolean => word === '--help' || word === '-h'

/** Commands one level below that are called exactly so, e.g. `slot load` and `slot list` for people who leave `slot` out. */
const furtherDown = async (group: Group, word: string): Promise<string[]> => {
  const below = await Promise.all(
    Object.entries(group.commands).map(async ([name, load]) => [name, await load()] as const),
  )
  return below.flatMap(([name, command]) =>
    command.kind === 'group' && (Object.hasOwn(command.commands, word) || Object.hasOwn(command.aliases ?? {}, word))
      ? [`${name} ${word}`]
      : [],
  )
}

const unknown = async (group: Group, path: string, word: string) => {
  const what = word.startsWith('-') ? 'flag' : 'command'
  const names = [...Object.keys(group.commands), ...Object.keys(group.aliases ?? {})]
  const near = [...(await furtherDown(group, word)), ...nearest(word, names)].map((one) => `${path} ${one}`)
  return usageError(`'${printable(word)}' is not a ${what} of ${path}.${askFor(near)}`, `${path} --help`)
}

/** Follows the words of the command line down the tree. @throws Failure wrong usage */
export const findCommand = async (root: Group, words: readonly string[]): Promise<Found> => {
  let found: Found = { command: root, path: 'hal0', rest: [...words], aliases: [] }
  /** Every alias on the way, by the path that it means. */
  const aliases: [meant: string, alias: string][] = []
  while (found.command.kind === 'group') {
    const group: Group = found.command
    const { path }: Found = found
    const [word, ...rest]: string[] = found.rest
    if (word === undefined || isHelpFlag(word)) break
    const alias = Object.hasOwn(group.aliases ?? {}, word) ? group.aliases?.[word] : undefined
    if (alias !== undefined) {
      found = { ...found, rest: [...alias.split(' '), ...rest] }
      continue
    }
    const load = Object.hasOwn(group.commands, word) ? group.commands[word] : undefined
    if (load === undefined) throw await unknown(group, path, word)
    for (const [name, meant] of Object.entries(group.aliases ?? {}))
      aliases.push([`${path} ${meant}`, `${path} ${name}`])
    found = { command: await load(), path: `${path} ${word}`, rest, aliases: [] }
  }
  const own = aliases.filter(([meant]) => meant === found.path).map(([, alias]) => alias)
  return { ...found, aliases: own }
}
