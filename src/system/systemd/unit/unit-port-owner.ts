/** Who listens on a port, when the backends run as a different user than the daemon. */
import { statSync } from 'node:fs'
import { familyOf, type Identity } from '../../process/family/members.ts'
import { findPortOwner, listenersOn } from '../../process/port-owner.ts'
import type { PortOwner } from '../../supervisor.ts'

/** The user of a process; null when it is gone. */
const userOf = (pid: number): number | null => {
  try {
    return statSync(`/proc/${pid}`).uid
  } catch {
    return null
  }
}

/**
 * Like findPortOwner. If the descriptors of another user's processes may not be read, a listener that belongs to the user of the
 * slot's process counts as the slot's own: only backends run as that user, and no two of them get the same port.
 */
export const unitPortOwner = async (port: number, mark: string, leader: Identity | null): Promise<PortOwner> => {
  const owner = await findPortOwner(port, mark, (processes) =>
    leader === null ? new Set() : familyOf(leader, processes),
  )
  if (owner.kind !== 'other' || owner.pid !== null || leader === null) return owner
  const user = userOf(leader.pid)
  if (user === null || user === process.getuid?.()) return owner
  const { users } = await listenersOn(port)
  return users.length > 0 && users.every((one) => one === user) ? { kind: 'own' } : owner
}
