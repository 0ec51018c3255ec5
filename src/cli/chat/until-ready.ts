import { Absence } from '../api/absence.ts'
import { call } from '../api/client.ts'
import { awaitSlot } from '../slot/shared/await-slot.ts'
import { longestWaitS } from '../slot/shared/slot-command.ts'
import { sayingWhatGoesOn } from '../terminal/interrupt.ts'
import { StatusLine } from '../terminal/status-line.ts'

/**
 * Loads a slot, or joins what it is doing already, and shows how far it is: a pull, too. Goes on over a restart of the daemon.
 * @throws Failure why it does not get ready; the signal's reason once it aborted, after saying that the load goes on
 */
export const untilReady = async (name: string, signal: AbortSignal): Promise<void> => {
  const line = new StatusLine()
  const absence = new Absence(() => line.clear())
  const send = () => call('loadSlot', { params: { name }, query: { wait: longestWaitS }, signal, noTimeout: true })
  await sayingWhatGoesOn(
    () => awaitSlot({ name, goal: { is: 'loaded' }, line, prefix: `${name}: `, absence, signal, send }),
    () =>
      absence.isGone
        ? [`The daemon is still gone. Once it is back, see what became of ${name}: hal0 slot show ${name}`]
        : [
            `${name} keeps loading in the daemon. Follow it with: hal0 slot watch ${name}`,
            `Cancel it with: hal0 slot cancel ${name}`,
          ],
  )
}
