import type { Pull } from '../../../contract/models/pull.ts'
import { Absence } from '../../api/absence.ts'
import { type ExitCode, exitCode } from '../../terminal/exit-code.ts'
import { catchInterrupt, Interrupted, sayingWhatGoesOn } from '../../terminal/interrupt.ts'
import { printJson, say } from '../../terminal/output.ts'
import { StatusLine } from '../../terminal/status-line.ts'
import { followPull } from './follow-pull.ts'

/**
 * Shows a pull until it has ended.
 * @param wasThere the daemon has answered this command already
 * @throws Failure when it failed; the signal's reason once it aborted, after saying that the daemon continues the pull
 */
export const untilPulled = async (id: string, wasThere: boolean, signal: AbortSignal): Promise<Pull> => {
  const line = new StatusLine()
  const absence = new Absence(() => line.clear())
  return await sayingWhatGoesOn(
    () => followPull(id, { signal, line, wasThere, absence }),
    () =>
      absence.isGone
        ? [
            `The daemon is still gone. Once it is back, it goes on with what has not ended: hal0 model pull --watch ${id}`,
          ]
        : [
            `${id} is still being pulled by the daemon. Follow it with: hal0 model pull --watch ${id}`,
            `Cancel it with: hal0 model pull --cancel ${id}`,
          ],
  )
}

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
  try {
    const pull = await untilPulled(id, wasThere, interrupt.signal)
    if (json) printJson(pull)
    else if (pull.phase === 'cancelled') say(`The pull of ${id} was cancelled.`)
    else say(done)
    return pull.phase === 'done' ? exitCode.done : exitCode.failed
  } catch (error) {
    if (error instanceof Interrupted) return exitCode.interrupted
    throw error
  }
}
