/** Chooses the port of a slot. Pure. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { portRangeOf } from '../../lib/port-range.ts'

export interface PortRange {
  first: number
  last: number
}

/** @param text e.g. "8081-8099" @throws Hal0Error `config.invalid` */
export const parsePortRange = (text: string): PortRange => {
  const range = portRangeOf(text)
  if (range !== null) return range
  throw new Hal0Error(
    'config.invalid',
    `The port range ${JSON.stringify(text)} is not valid. Write [slots] ports in hal0.toml as "8081-8099".`,
  )
}

/**
 * The lowest free port of the range.
 * @param taken ports of other slots and of the daemon, and those on which another program listens
 * @throws Hal0Error `slot.no_port`
 */
export const lowestFreePort = (range: PortRange, taken: ReadonlySet<number>): number => {
  for (let port = range.first; port <= range.last; port++) if (!taken.has(port)) return port
  throw new Hal0Error(
    'slot.no_port',
    `All ports from ${range.first} to ${range.last} are taken. Delete a slot, or widen [slots] ports in hal0.toml.`,
    { details: { first: range.first, last: range.last } },
  )
}
