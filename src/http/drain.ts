/** How a daemon takes leave of its clients. */
import { stopExchanges } from '../dispatch/relay/relay-exchange.ts'
import { daemonStopping } from './answers/stopping.ts'
import type { Front } from './front/front.ts'

/** What is written last has this long to reach the clients. */
const lastWordsMs = 500

/**
 * Ends what clients have under way: whoever waits is answered at once, what is being answered has `drainMs` to end by itself and is
 * then told, and new requests are answered 503 all the while.
 * @param hurry when it resolves, nobody is waited for any longer
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
