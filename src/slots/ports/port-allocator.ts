/** Allocates the slots' ports. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { Supervisor } from '../../system/supervisor.ts'
import { lowestFreePort, type PortRange } from './ports.ts'

export class PortAllocator {
  readonly #range: PortRange
  readonly #reserved: ReadonlySet<number>
  readonly #supervisor: Pick<Supervisor, 'portOwner'>

  /** @param reserved ports that are not for slots: the daemon's own */
  constructor(range: PortRange, reserved: ReadonlySet<number>, supervisor: Pick<Supervisor, 'portOwner'>) {
    this.#range = range
    this.#reserved = reserved
    this.#supervisor = supervisor
  }

  /**
   * The lowest port that no other slot has and on which nobody listens.
   * @param others ports of the other slots
   * @throws Hal0Error `slot.no_port`
   */
  async allocate(name: string, others: Iterable<number>): Promise<number> {
    const taken = new Set([...this.#reserved, ...others])
    for (;;) {
      const port = lowestFreePort(this.#range, taken)
      const owner = await this.#supervisor.portOwner(name, port)
      if (owner.kind === 'none') return port
      taken.add(port)
    }
  }

  /** Checks a port that the user chose. @param others who has which port @throws Hal0Error `request.invalid`, `slot.port_in_use` */
  claim(name: string, port: number, others: ReadonlyMap<number, string>): number {
    const { first, last } = this.#range
    if (port < first || port > last || this.#reserved.has(port)) {
      throw new Hal0Error(
        'request.invalid',
        `Port ${port} is not for slots: use one from ${first} to ${last}${this.#reserved.has(port) ? ' that hal0 itself does not listen on' : ''}.`,
        {
          param: 'port',
          details: { port, first, last },
        },
      )
    }
    const other = others.get(port)
    if (other !== undefined && other !== name) {
      throw new Hal0Error(
        'slot.port_in_use',
        `Port ${port} belongs to slot ${other}. Use another one, or leave it out to get the lowest free one.`,
        {
          param: 'port',
          status: 409,
          details: { port, slot: other },
        },
      )
    }
    return port
  }
}
