import { Absence } from '../../api/absence.ts'
import { type ExitCode, exitCode } from '../../terminal/exit-code.ts'
import { catchInterrupt, Interrupted } from '../../terminal/interrupt.ts'
import { print, printJson, talk } from '../../terminal/output.ts'
import { StatusLine } from '../../terminal/status-line.ts'
import { followPull } from './follow-pull.ts'

/**
 * Shows a pull until it has ended, then prints its outcome. After Ctrl-C the daemon continues the pull.
 * @param options `wasThere`: the daemon has answered this command already; `done`: printed when the pull has succeeded
 * @throws Failure when it failed
 */
export const awaitPull = async (
  id: string,
  { json, wasThere, done }: { json: boolean; wasThere: boolean; done: string },
): Promise<ExitCode> => {
  using interrupt = catchInterrupt()
  const line = new StatusLine()
  const absence = new Absence(() => line.clear())
  try {
    const pull = await followPull(id, { signal: interrupt.signal, line, wasThere, absence })
    if (json) printJson(pull)
    else if (pull.phase === 'cancelled') print(`The pull of ${id} was cancelled.`)
    else print(done)
    return pull.phase === 'done' ? exitCode.done : exitCode.failed
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    if (absence.isGone) {
      talk.log(
        `The daemon is still gone. Once it is back, it goes on with what has not ended: hal0 model pull --watch ${id}`,
      )
      return exitCode.interrupted
    }
    talk.log(`${id} is still being pulled by the daemon. Follow it with: hal0 model pull --watch ${id}`)
    talk.log(`Cancel it with: hal0 model pull --cancel ${id}`)
    return exitCode.interrupted
  }
}
