/** Removals: the question before, what `--force` means, and what is printed after. */
import { canAsk, confirm, yesFlag } from './terminal/ask.ts'
import { type ExitCode, exitCode } from './terminal/exit-code.ts'
import { failureOf } from './terminal/failure.ts'
import { printJson, say, talk } from './terminal/output.ts'

export const forceFlag = {
  force: { type: 'boolean', alias: 'f', description: 'Do not ask; what does not exist is no error. For scripts' },
} as const

export const removalFlags = { ...yesFlag, ...forceFlag } as const

export interface RemovalFlags {
  yes?: boolean | undefined
  force?: boolean | undefined
  json?: boolean | undefined
}

interface Removal {
  name: string
  /** What the JSON calls the name. */
  key: 'name' | 'id'
  /** Asked on a terminal; null: there is nothing to ask. @throws Failure when there is no such thing */
  question: (() => Promise<string>) | null
  act(): Promise<void>
}

/** Asks on a terminal, unless a flag says otherwise, and removes. @throws Failure as `act` does */
export const remove = async (removal: Removal, { yes, force, json }: RemovalFlags): Promise<ExitCode> => {
  const { name, key, question, act } = removal
  if (question !== null && yes !== true && force !== true && canAsk() && !(await confirm(await question()))) {
    talk.log('Nothing was removed.')
    return exitCode.failed
  }
  const deleted = await act().then(
    () => true,
    (error: unknown) => {
      if (force === true && failureOf(error)?.exitCode === exitCode.notFound) return false
      throw error
    },
  )
  if (json) printJson({ [key]: name, deleted })
  else if (deleted) say(`${name} is removed.`)
  else talk.log(`There is no ${name}: nothing was removed.`)
  return exitCode.done
}
