import { type ExitCode, exitCode } from '../../terminal/exit-code.ts'
import { catchInterrupt, Interrupted } from '../../terminal/interrupt.ts'
import { print, printJson, talk } from '../../terminal/output.ts'
import { followPull } from './follow-pull.ts'

/**
 * Shows a pull until it has ended, then prints its outcome. After Ctrl-C the daemon continues the pull.
 * @param done printed when it has succeeded
 * @throws Failure when it failed
 */
export const awaitPull = async (id: string, json: boolean | undefined, done: string): Promise<ExitCode> => {
  using interrupt = catchInterrupt()
  try {
    const pull = await followPull(id, interrupt.signal)
    if (json) printJson(pull)
    else if (pull.phase === 'cancelled') print(`The pull of ${id} was cancelled.`)
    else print(done)
    return pull.phase === 'done' ? exitCode.done : exitCode.failed
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    talk.log(`${id} is still being pulled by the daemon. Follow it with: hal0 model pull --watch ${id}`)
    talk.log(`Cancel it with: hal0 model pull --cancel ${id}`)
    return exitCode.interrupted
  }
}
