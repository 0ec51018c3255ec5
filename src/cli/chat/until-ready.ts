import { call } from '../api/client.ts'
import { withProgress } from '../slot/shared/follow-progress.ts'
import { longestWaitS } from '../slot/shared/slot-command.ts'
import { sayingWhatGoesOn } from '../terminal/interrupt.ts'
import { StatusLine } from '../terminal/status-line.ts'

/**
 * Loads a slot, or joins what it is doing already, and shows how far it is: a pull, too.
 * @throws Failure why it does not get ready; the signal's reason once it aborted, after saying that the load goes on
 */
export const untilReady = async (name: string, signal: AbortSignal): Promise<void> => {
  const line = new StatusLine()
  await sayingWhatGoesOn(
    () =>
      withProgress(name, line, `${name}: `, () =>
        call('loadSlot', { params: { name }, query: { wait: longestWaitS }, signal, noTimeout: true }),
      ),
    () => [
      `${name} keeps loading in the daemon. Follow it with: hal0 slot watch ${name}`,
      `Cancel it with: hal0 slot cancel ${name}`,
    ],
  )
}
