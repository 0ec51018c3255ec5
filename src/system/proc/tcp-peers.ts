/** Which clients on this machine still have their end of a connection open, as /proc/net/tcp and tcp6 show it. */
import { readFile } from 'node:fs/promises'

/** The ports of a connection between two programs on this machine. */
export interface PortPair {
  /** Port of the client. */
  client: number
  server: number
}

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0')
const portOf = (end = ''): string => end.slice(end.lastIndexOf(':') + 1)

/**
 * Whether a program still has the client's end open. A program that has only closed its sending side does. After close() the kernel
 * itself keeps the end for a minute, without an inode.
 * @param tables texts of /proc/net/tcp and tcp6
 */
export const isClientThere = (tables: readonly string[], { client, server }: PortPair): boolean => {
  const [from, to] = [hexPort(client), hexPort(server)]
  for (const table of tables) {
    for (const line of table.split('\n')) {
      if (!line.includes(`:${from} `)) continue
      const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/)
      if (portOf(local) === from && portOf(remote) === to && inode !== '0') return true
    }
  }
  return false
}

const readTable = async (name: string): Promise<string> => {
  try {
    return await readFile(`/proc/net/${name}`, 'latin1')
  } catch (error) {
    // Without IPv6 in the kernel there is no tcp6.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** The current tables. @throws the system's error, e.g. when no more files can be opened: then no client is known to be gone */
export const readTcpTables = (): Promise<string[]> => Promise.all(['tcp', 'tcp6'].map(readTable))
