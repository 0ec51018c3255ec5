import { flagWords } from '../arguments.ts'
import type { Group, Verb } from '../command.ts'
import { type ExitCode, exitCode } from '../terminal/exit-code.ts'
import { Failure, failureOf } from '../terminal/failure.ts'
import { print, talk } from '../terminal/output.ts'
import { reportFailure } from '../terminal/report-failure.ts'
import { type Found, findCommand } from './find.ts'
import { commandHelp, verbUsage } from './help.ts'
import { nearNames } from './near-names.ts'

const asksForHelp = (args: string[]): boolean => flagWords(args).some((arg) => arg === '--help' || arg === '-h')

/** A failure to reach hal0 on this machine, with what this machine knows about it. */
const explained = async (failure: Failure): Promise<Failure> => {
  if (failure.unanswered === null) return failure
  const { whyUnreachable } = await import('../host/address/why-unreachable.ts')
  return new Failure(failure.exitCode, failure.message, {
    ...(await whyUnreachable(failure.unanswered)),
    cause: failure,
  })
}

const runVerb = async (verb: Verb, path: string, args: string[]): Promise<ExitCode> => {
  try {
    return await verb.run(args)
  } catch (error) {
    const known = failureOf(error)
    if (known === null) throw error
    const json = flagWords(args).includes('--json')
    const failure = await explained(known)
    reportFailure(failure, json, json ? '' : await nearNames(failure))
    if (failure.exitCode === exitCode.usage) talk.log(`${verbUsage(path, verb)}\n'${path} --help' says more.`)
    return failure.exitCode
  }
}

/**
 * Runs one command line.
 * @param argv the words after the program's name
 * @returns the exit status; rejects only because of a bug
 */
export const run = async (root: Group, argv: string[]): Promise<ExitCode> => {
  let found: Found
  try {
    found = await findCommand(root, argv)
  } catch (error) {
    const failure = failureOf(error)
    if (failure === null) throw error
    reportFailure(failure, false)
    return failure.exitCode
  }
  const { command, path, rest } = found
  if (command.kind === 'verb' && !asksForHelp(rest)) return runVerb(command, path, rest)
  print(await commandHelp(process.stdout, found))
  return exitCode.done
}
