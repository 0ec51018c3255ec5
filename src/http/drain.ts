/** Ends the requests of clients when the daemon stops. */
import { stopExchanges } from '../dispatch/relay/relay-exchange.ts'
import { daemonStopping } from './answers/stopping.ts'
import type { Front } from './front/front.ts'

/** Time for the last bytes to reach the clients, milliseconds. */
const lastWordsMs = 500

/**
 * Ends all requests: waiting ones are answered at once, answers in progress have `drainMs` to finish and then get an error, and new
 * requests get 503 all the while.
 * @param hurry when it resolves, everything ends at once
 */
export const drain = async (
  front: Front,
  stopping: AbortController,
  drainMs: number,
  hurry: Promise<unknown>,
): Promise<void> => {
  front.stop()
  stopping.abort(daemonStopping())
  await Promise.race([front.settled(drainMs), hurry])
  stopExchanges(daemonStopping())
  front.endRequests()
  await Promise.race([front.settled(lastWordsMs), hurry])
  front.close()
}
