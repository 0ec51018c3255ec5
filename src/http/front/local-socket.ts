/**
 * The local socket: the API for programs on this machine that may open a file. It is bound under a name of its own and then renamed,
 * so that there is no moment in which it can be opened by anybody else, and a leftover of a killed daemon is replaced.
 */
import { randomBytes } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { storageError } from '../../system/files/storage-error.ts'
import type { SocketPlace } from '../../system/listen-advice.ts'

export interface LocalSocket {
  /** null: there is none. */
  readonly path: string | null
  /** Why there is none, as a sentence. */
  readonly problem: string | null
  /** Removes it, if it is still this one. */
  remove(): void
}

/** sockaddr_un has 108 bytes, and the name during the bind is longer by nine. */
const longestPath = 98

/** Whether somebody listens at a socket. */
const isAlive = async (path: string): Promise<boolean> => {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } })
    socket.end()
    return true
  } catch {
    // Nobody: there is no file, or it is a leftover.
    return false
  }
}

const inodeOf = (path: string): number | null => statSync(path, { throwIfNoEntry: false })?.ino ?? null

/** @throws what the system says */
const bind = async (listen: (path: string) => void, { path, isForGroup }: SocketPlace): Promise<void> => {
  const temp = `${path}.${randomBytes(4).toString('hex')}`
  try {
    listen(temp)
    await chmod(temp, isForGroup ? 0o660 : 0o600)
    await rename(temp, path)
  } catch (error) {
    await rm(temp, { force: true })
    throw error
  }
}

export const noSocket: LocalSocket = { path: null, problem: null, remove() {} }

const refused = (why: string): LocalSocket => ({
  ...noSocket,
  problem: `There is no local socket, so that commands may do only what programs on this machine may: ${why}`,
})

/**
 * Makes the socket. It never keeps a daemon from starting.
 * @param listen listens at a path
 */
export const openLocalSocket = async (listen: (path: string) => void, place: SocketPlace): Promise<LocalSocket> => {
  const { path, isForGroup } = place
  if (Buffer.byteLength(path) > longestPath) return refused(`the path ${path} is too long for one.`)
  try {
    await mkdir(dirname(path), { recursive: true, mode: isForGroup ? 0o750 : 0o700 })
    if (await isAlive(path)) return refused(`another program listens at ${path}.`)
    await bind(listen, place)
  } catch (error) {
    return refused(storageError(error, path, 'open the local socket').message)
  }
  const inode = inodeOf(path)
  return {
    path,
    problem: null,
    remove() {
      if (inodeOf(path) === inode) rmSync(path, { force: true })
    },
  }
}
