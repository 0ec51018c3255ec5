/** Who listens on a port, once that is certain. */
import { type Clock, sleep } from '../../lib/clock.ts'
import type { PortOwner } from '../../system/supervisor.ts'

/** How long the last socket of a dying process may be seen. */
const lastSocketMs = 30

/**
 * A listener that no process holds may be the last of one that is just dying: the kernel shows the socket, and a moment later no
 * process that has it. So it is looked for again before it counts as somebody else's (a backend that fails right after it opened
 * its port was told as a taken port, twice on a busy machine).
 */
export const settledPortOwner = async (look: () => Promise<PortOwner>, clock: Clock): Promise<PortOwner> => {
  const owner = await look()
  if (owner.kind !== 'other' || owner.pid !== null) return owner
  await sleep(clock, lastSocketMs)
  return look()
}
