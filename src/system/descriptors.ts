/** How many clients the limit of open files leaves room for. */
import { readdirSync, readFileSync } from 'node:fs'

/** For the daemon's own work beside its clients: records, logs, /proc, pipes of a program that is started. */
const ownWork = 16
/** Even the lowest limit leaves this many clients. */
const fewest = 2

/** The soft limit, which Bun raises to the hard one as it starts; infinite when the system says so. */
export const descriptorLimit = (limits = readFileSync('/proc/self/limits', 'latin1')): number => {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1]
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}

/** How many this process has open. */
export const openDescriptors = (): number => readdirSync('/proc/self/fd').length

/**
 * A client whose request is at a backend takes two: its own connection and the backend's. Pure.
 * @param open those of the daemon without any client
 */
export const clientsWithin = (limit: number, open: number): number =>
  limit === Number.POSITIVE_INFINITY ? limit : Math.max(fewest, Math.floor((limit - open - ownWork) / 2))
