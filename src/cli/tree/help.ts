import type { ArgDef, ArgsDef } from 'citty'
import { flagForms, isRequired, shortOf, shownName } from '../arguments.ts'
import type { Group, Verb } from '../command.ts'
import { style, widthOf } from '../terminal/style.ts'
import { pad, wrap } from '../text/wrap.ts'
import type { Found } from './find.ts'

type Stream = NodeJS.WriteStream

/** Narrower explanations stand below what they explain, cells. */
const readable = 24

const columns = (stream: Stream, pairs: readonly (readonly [string, string])[]): string => {
  const left = Math.max(...pairs.map(([term]) => term.length))
  const width = widthOf(stream)
  const beside = left + 4
  if (width - beside < readable) {
    return pairs.map(([term, text]) => `  ${term}\n${indented(text, width, 6)}`.trimEnd()).join('\n')
  }
  return pairs
    .map(([term, text]) => `  ${pad(term, left)}  ${indented(text, width, beside).trim()}`.trimEnd())
    .join('\n')
}

const indented = (text: string, width: number, by: number): string =>
  wrap(text, width - by).replaceAll(/^/gm, ' '.repeat(by))

const section = (stream: Stream, title: string, body: string): string => `${style(stream, 'bold', title)}\n${body}`

const flag = ([form, arg]: [string, ArgDef]): [string, string] => {
  const short = shortOf(arg)
  const value = arg.type === 'boolean' ? '' : ` ${arg.valueHint ?? 'VALUE'}`
  const text = arg.type === 'boolean' && arg.default === true ? arg.negativeDescription : arg.description
  const fallback = typeof arg.default === 'string' ? ` (default ${arg.default})` : ''
  return [`${short === null ? '' : `-${short}, `}${form}${value}`, `${text ?? ''}${fallback}`]
}

const usageLine = (path: string, args: ArgsDef): string => {
  const words: string[] = [path]
  for (const [name, arg] of Object.entries(args)) {
    if (arg.type === 'positional') words.push(isRequired(arg) ? shownName(name, arg) : `[${shownName(name, arg)}]`)
    else if (isRequired(arg)) words.push(`--${name} ${arg.valueHint ?? 'VALUE'}`)
  }
  return `${words.join(' ')} [flags]`
}

/** The usage of a command in one line, for an error on stderr. */
export const verbUsage = (path: string, verb: Verb): string => `Usage: ${usageLine(path, verb.args)}`

const verbHelp = (stream: Stream, path: string, verb: Verb, aliases: readonly string[]): string => {
  const positionals = Object.entries(verb.args).filter(([, arg]) => arg.type === 'positional')
  const prose = (text: string): string => wrap(text, widthOf(stream))
  const parts = [
    prose(verb.about),
    section(stream, 'Usage', wrap(`  ${usageLine(path, verb.args)}`, widthOf(stream), '  ')),
  ]
  if (aliases.length > 0) parts.push(section(stream, 'Also', aliases.map((alias) => `  ${alias}`).join('\n')))
  if (positionals.length > 0) {
    parts.push(
      section(
        stream,
        'Arguments',
        columns(
          stream,
          positionals.map(([name, arg]) => [shownName(name, arg), arg.description ?? '']),
        ),
      ),
    )
  }
  parts.push(
    section(stream, 'Flags', columns(stream, [...flagForms(verb.args).map(flag), ['-h, --help', 'Print this help']])),
  )
  if (verb.more !== null) parts.push(prose(verb.more))
  parts.push(section(stream, 'Examples', verb.examples.map((example) => `  ${example}`).join('\n')))
  return parts.join('\n\n')
}

const groupHelp = async (stream: Stream, path: string, group: Group): Promise<string> => {
  const aliases = Object.entries(group.aliases ?? {})
  const commands = await Promise.all(
    Object.entries(group.commands).map(async ([name, load]) => {
      const own = aliases.filter(([, meant]) => meant === name).map(([alias]) => alias)
      return [[name, ...own].join(', '), (await load()).about] as const
    }),
  )
  const short = aliases
    .filter(([, meant]) => meant.includes(' '))
    .map(([alias, meant]) => [alias, `${path} ${meant}`] as const)
  const parts = [
    wrap(group.about, widthOf(stream)),
    section(stream, 'Usage', `  ${path} COMMAND [flags]`),
    section(stream, 'Commands', columns(stream, commands)),
  ]
  if (short.length > 0) parts.push(section(stream, 'Short forms', columns(stream, short)))
  parts.push(`'${path} COMMAND --help' says more about a command.`)
  if (group.more !== undefined) parts.push(wrap(group.more, widthOf(stream)))
  return parts.join('\n\n')
}

/**
 * The help of a command or a group.
 * @throws whatever loading a command's file throws
 */
export const commandHelp = async (stream: Stream, { command, path, aliases }: Found): Promise<string> =>
  command.kind === 'group' ? groupHelp(stream, path, command) : verbHelp(stream, path, command, aliases)
