import { defineVerb, type Group, type Verb } from '../command.ts'
import { print, printJson } from '../terminal/output.ts'
import { findCommand } from './find.ts'
import { commandHelp } from './help.ts'

/** @param root the whole tree */
export const helpVerb = (root: Group): Verb =>
  defineVerb({
    about: 'Explain a command; without COMMAND list them all.',
    examples: ['hal0 help', 'hal0 help slot create', 'hal0 help ps'],
    args: { words: { type: 'positional', required: false, description: 'Words of the command', completes: 'command' } },
    async run({ args: { _: words, json } }) {
      const found = await findCommand(root, words)
      const text = await commandHelp(process.stdout, found)
      if (json) printJson({ command: found.path, aliases: found.aliases, text })
      else print(text)
    },
  })
