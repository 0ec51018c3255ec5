/** How a command is defined: its arguments, what it does, and its help text. */
import type { ArgDef, ArgsDef, ParsedArgs } from 'citty'
import { readArguments } from './arguments.ts'
import { type ExitCode, exitCode } from './terminal/exit-code.ts'

/** What a shell completes an argument with: words, or names that the daemon is asked for. */
export type Completion = readonly string[] | 'slot' | 'model' | 'engine' | 'pull' | 'slot or model' | 'command'

export type Args = Record<string, ArgDef & { completes?: Completion }>

/** Flags that every verb has. */
const common = {
  json: { type: 'boolean', description: 'Print JSON for programs' },
} as const satisfies ArgsDef

interface VerbDefinition<A extends Args> {
  /** One sentence. */
  about: string
  /** More help, in paragraphs. */
  more?: string
  /** Complete command lines. */
  examples: string[]
  args: A
  /**
   * @param rawArgs the words as they were given, for flags that may be repeated
   * @returns the exit status; undefined means done
   */
  run(given: { args: ParsedArgs<A & typeof common>; rawArgs: string[] }): Promise<ExitCode | undefined> | Promise<void>
}

export interface Verb {
  kind: 'verb'
  about: string
  more: string | null
  examples: string[]
  args: Args
  /** @throws Failure */
  run(rawArgs: string[]): Promise<ExitCode>
}

/** Commands under one name; each file is loaded only when its command is asked for. */
export interface Group {
  kind: 'group'
  about: string
  /** More help, in paragraphs. */
  more?: string
  commands: Record<string, () => Promise<Command>>
  /** Other words, with the words of the command in this group that they mean: `ps` for `slot list`. */
  aliases?: Record<string, string>
}

export type Command = Verb | Group

export const defineVerb = <const A extends Args>(definition: VerbDefinition<A>): Verb => {
  const args = { ...definition.args, ...common }
  return {
    kind: 'verb',
    about: definition.about,
    more: definition.more ?? null,
    examples: definition.examples,
    args,
    async run(rawArgs) {
      const result = await definition.run({ args: readArguments(rawArgs, args), rawArgs })
      return result ?? exitCode.done
    },
  }
}
