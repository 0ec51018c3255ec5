/** Finds out who listens on a slot's port, and frees it for the slot's next backend. */
import { type Clock, sleep } from '../../../lib/clock.ts'
import type { PortOwner, Supervisor } from '../../../system/supervisor.ts'
import { portInUse } from '../../machine/slot-errors.ts'

/** How long the last socket of a dying process may remain visible, milliseconds. */
const lastSocketMs = 30

/**
 * A listener that no process has may belong to one that is just dying: the kernel shows the socket and, a moment later, no process
 * that has it. So it is checked again before it counts as somebody else's. (On a busy machine, a backend that failed right after it
 * opened its port was twice reported as a taken port.)
 */
export const settledPortOwner = async (look: () => Promise<PortOwner>, clock: Clock): Promise<PortOwner> => {
  const owner = await look()
  if (owner.kind !== 'other' || owner.pid !== null) return owner
  await sleep(clock, lastSocketMs)
  return look()
}

export class SlotPort {
  readonly #name: string
  readonly #supervisor: Pick<Supervisor, 'portOwner' | 'stop'>
  readonly #clock: Clock

  constructor(name: string, supervisor: Pick<Supervisor, 'portOwner' | 'stop'>, clock: Clock) {
    this.#name = name
    this.#supervisor = supervisor
    this.#clock = clock
  }

  owner(port: number): Promise<PortOwner> {
    return settledPortOwner(() => this.#supervisor.portOwner(this.#name, port), this.#clock)
  }

  /**
   * Ends what an earlier backend of this slot left on the port.
   * @param graceMs from SIGTERM to SIGKILL
   * @throws Hal0Error `slot.port_in_use` when it is somebody else's
   */
  async free(port: number, graceMs: number): Promise<void> {
    const owner = await this.owner(port)
    if (owner.kind === 'none') return
    if (owner.kind === 'own') {
      await this.#supervisor.stop(this.#name, graceMs)
      const after = await this.owner(port)
      if (after.kind === 'none') return
    }
    throw portInUse(this.#name, port, owner)
  }
}
