import { flagWords } from '../arguments.ts'
import type { Group, Verb } from '../command.ts'
import { type ExitCode, exitCode } from '../terminal/exit-code.ts'
import { failureOf, usageError } from '../terminal/failure.ts'
import { print, talk } from '../terminal/output.ts'
import { reportFailure } from '../terminal/report-failure.ts'
import { printable } from '../terminal/style.ts'
import { groupHelp, verbHelp, verbUsage } from './help.ts'

interface Found {
  command: Verb | Group
  /** The words of the command line up to here, e.g. `hal0 slot load`. */
  path: string
  rest: string[]
}

/** Follows the words of the command line down the tree. @throws Failure wrong usage */
const find = async (root: Group, argv: string[]): Promise<Found> => {
  let found: Found = { command: root, path: 'hal0', rest: argv }
  while (found.command.kind === 'group') {
    const [word, ...rest] = found.rest
    if (word === undefined || word === '--help' || word === '-h') break
    const load = Object.hasOwn(found.command.commands, word) ? found.command.commands[word] : undefined
    if (load === undefined) {
      const what = word.startsWith('-') ? 'flag' : 'command'
      throw usageError(`'${printable(word)}' is not a ${what} of ${found.path}.`, `${found.path} --help`)
    }
    found = { command: await load(), path: `${found.path} ${word}`, rest }
  }
  return found
}

const asksForHelp = (args: string[]): boolean => flagWords(args).some((arg) => arg === '--help' || arg === '-h')

const runVerb = async (verb: Verb, path: string, args: string[]): Promise<ExitCode> => {
  try {
    return await verb.run(args)
  } catch (error) {
    const failure = failureOf(error)
    if (failure === null) throw error
    reportFailure(failure, args.includes('--json'))
    if (failure.exitCode === exitCode.usage) talk.log(`${verbUsage(path, verb)}\n'${path} --help' says more.`)
    return failure.exitCode
  }
}

/**
 * Runs one command line.
 * @param argv the words after the program's name
 * @param after what the root's help adds below its commands
 * @returns the exit status; rejects only because of a bug
 */
export const run = async (root: Group, argv: string[], after: string): Promise<ExitCode> => {
  let found: Found
  try {
    found = await find(root, argv)
  } catch (error) {
    const failure = failureOf(error)
    if (failure === null) throw error
    reportFailure(failure, false)
    return failure.exitCode
  }
  const { command, path, rest } = found
  if (command.kind === 'group') {
    print(await groupHelp(process.stdout, path, command, command === root ? after : undefined))
    return exitCode.done
  }
  if (asksForHelp(rest)) {
    print(verbHelp(process.stdout, path, command))
    return exitCode.done
  }
  return runVerb(command, path, rest)
}
