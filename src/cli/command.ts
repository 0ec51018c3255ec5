/** How a command is defined: its arguments, what it does, and its help text. */
import { type ArgsDef, type CommandContext, defineCommand, runCommand } from 'citty'
import { checkArguments } from './arguments.ts'
import { type ExitCode, exitCode } from './terminal/exit-code.ts'

/** Flags that every verb has. */
const common = {
  json: { type: 'boolean', description: 'Print JSON for programs' },
} as const satisfies ArgsDef

interface VerbDefinition<A extends ArgsDef> {
  /** One sentence. */
  about: string
  /** More help, in paragraphs. */
  more?: string
  /** Complete command lines. */
  examples: string[]
  args: A
  /** @returns the exit status; undefined means done */
  run(context: CommandContext<A & typeof common>): Promise<ExitCode | undefined> | Promise<void>
}

export interface Verb {
  kind: 'verb'
  about: string
  more: string | null
  examples: string[]
  args: ArgsDef
  /** @throws Failure */
  run(rawArgs: string[]): Promise<ExitCode>
}

/** Commands under one name; each file is loaded only when its command is asked for. */
export interface Group {
  kind: 'group'
  about: string
  commands: Record<string, () => Promise<Verb | Group>>
}

export const defineVerb = <const A extends ArgsDef>(definition: VerbDefinition<A>): Verb => {
  const args = { ...definition.args, ...common }
  const command = defineCommand<A & typeof common>({ args, run: (context) => definition.run(context) })
  return {
    kind: 'verb',
    about: definition.about,
    more: definition.more ?? null,
    examples: definition.examples,
    args,
    async run(rawArgs) {
      checkArguments(rawArgs, args)
      const { result } = await runCommand(command, { rawArgs })
      return (result as ExitCode | undefined) ?? exitCode.done
    },
  }
}
