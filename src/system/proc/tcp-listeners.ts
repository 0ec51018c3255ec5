/** Listening sockets as /proc/net/tcp and tcp6 show them, for this network namespace only. */

const listening = '0A'

/**
 * Listening addresses that a connection to 127.0.0.1 reaches, in the order in which the kernel chooses: exact before wildcard, IPv4
 * before IPv6. Each 32-bit word is printed in the machine's byte order, little-endian on x86-64 and arm64. Whether `::` accepts
 * IPv4 is not shown; it does unless the program has turned that off.
 */
const reachable = ['0100007F', '0000000000000000FFFF00000100007F', '00000000', '00000000000000000000000000000000']

export interface Listeners {
  /** Socket inodes; several if they share the port with SO_REUSEPORT. */
  inodes: number[]
  /** The uid of each. */
  users: number[]
  /** They listen on 127.0.0.1 itself, so no other listener takes precedence. */
  exact: boolean
}

/**
 * The listeners that a connection to 127.0.0.1:`port` would reach.
 * @param tables texts of /proc/net/tcp and /proc/net/tcp6
 */
export const loopbackListeners = (tables: readonly string[], port: number): Listeners => {
  const wantedPort = port.toString(16).toUpperCase().padStart(4, '0')
  let rank = reachable.length
  let inodes: number[] = []
  let users: number[] = []
  for (const line of tables.flatMap((table) => table.split('\n'))) {
    if (!line.includes(`:${wantedPort} `)) continue
    const [, local, , state, , , , user, , inode] = line.trim().split(/\s+/)
    if (state !== listening || local === undefined || inode === undefined) continue
    const [address, itsPort] = local.split(':')
    const itsRank = itsPort === wantedPort && address !== undefined ? reachable.indexOf(address) : -1
    if (itsRank === -1 || itsRank > rank) continue
    if (itsRank < rank) {
      inodes = []
      users = []
    }
    rank = itsRank
    inodes.push(Number(inode))
    users.push(Number(user))
  }
  return { inodes, users, exact: rank === 0 }
}
