/** Who listens on a port. */
import { readFile } from 'node:fs/promises'
import { readCommandLine } from '../proc/environ.ts'
import { holdsSocket } from '../proc/open-sockets.ts'
import { type ProcStat, runningProcesses } from '../proc/stat.ts'
import { type Listeners, loopbackListeners } from '../proc/tcp-listeners.ts'
import type { PortOwner } from '../supervisor.ts'
import { markOf } from './family/members.ts'

const readTable = (name: 'tcp' | 'tcp6'): Promise<string> =>
  // Without IPv6 in the kernel there is no tcp6.
  readFile(`/proc/net/${name}`, 'latin1').catch(() => '')

/**
 * The listeners on `port` that a connection to 127.0.0.1 would reach.
 *
 * Skips the second table if it cannot change the result: for each table the kernel walks its whole hash table of connections, which
 * took 5 ms for one with 262,144 buckets.
 */
export const listenersOn = async (port: number): Promise<Listeners> => {
  const tcp = await readTable('tcp')
  const listeners = loopbackListeners([tcp], port)
  return listeners.exact ? listeners : loopbackListeners([tcp, await readTable('tcp6')], port)
}

const holderAmong = (processes: Iterable<ProcStat>, inodes: ReadonlySet<number>): ProcStat | null => {
  for (const stat of processes) {
    if (holdsSocket(stat.pid, inodes) === true) return stat
  }
  return null
}

/**
 * The owner of the listener on `port` that a connection to 127.0.0.1 would reach. If several programs share the port with
 * SO_REUSEPORT, one that is not the slot's makes it `other`, since it would get some of the connections.
 * @param familyAmong the slot's processes, as far as they can be found without waiting; the others are found by their mark
 */
export const findPortOwner = async (
  port: number,
  mark: string,
  familyAmong: (processes: readonly ProcStat[]) => ReadonlySet<ProcStat> = () => new Set(),
): Promise<PortOwner> => {
  const { inodes } = await listenersOn(port)
  if (inodes.length === 0) return { kind: 'none' }
  const processes = runningProcesses()
  const family = familyAmong(processes)
  for (const inode of inodes) {
    const socket = new Set([inode])
    if (holderAmong(family, socket) !== null) continue
    const holder = holderAmong(
      processes.filter((stat) => !family.has(stat)),
      socket,
    )
    if (holder === null) return { kind: 'other', pid: null, command: null }
    if (holder.pid !== process.pid && (await markOf(holder)) === mark) continue
    return { kind: 'other', pid: holder.pid, command: (await readCommandLine(holder))?.join(' ') ?? null }
  }
  return { kind: 'own' }
}
