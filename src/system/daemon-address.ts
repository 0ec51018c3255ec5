/**
 * <data>/daemon.json: where the daemon that serves this data folder really listens. The command line finds it by this file, since
 * the port may be another one than hal0.toml says: 8080 is often taken. The file stays until the daemon has released the folder.
 */
import { accessSync, constants, existsSync, lstatSync, readFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { nullable } from '../contract/schema/nullable.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import { problemsOf } from '../lib/validate.ts'
import { removeFile, writeFileAtomic } from './files/atomic-file.ts'
import { isOfThisBoot, thisBoot } from './proc/boot-id.ts'
import { readStat, stillRuns } from './proc/stat.ts'

/** Unknown keys are allowed: the daemon may be newer than the command line. */
const Written = Type.Object({
  url: Type.String({ description: 'Reachable from this machine, e.g. http://127.0.0.1:8080' }),
  socket: Type.Optional(nullable(Type.String({ description: 'Path of the local socket.' }))),
  pid: Type.Integer(),
  start_time: Type.Integer({
    description: 'Of the process, as in /proc; a pid alone may have been given to another one.',
  }),
  boot_id: nullable(Type.String()),
  init_start: nullable(Type.Integer()),
})

/** A daemon that runs, by what it wrote about itself. */
export interface DaemonAddress {
  /** Without a slash at its end. */
  url: string
  pid: number
  /** Path of its local socket; null: there is none that this user may open. */
  socket: string | null
}

const fileIn = (data: string): string => join(data, 'daemon.json')

/** Nothing longer was written by a daemon, bytes. */
const most = 4096

/** Whether an address is one of this machine. Commands send their key there, so that a file must not lead them to another one. */
const isHere = (url: string): boolean => {
  const [, bracketed, plain] = /^https?:\/\/(?:\[([^/\]]+)\]|([^/:@]+))(?::\d+)?$/.exec(url) ?? []
  const host = bracketed ?? plain
  if (host === undefined) return false
  if (['localhost', '::1', hostname(), `${hostname()}.local`].includes(host) || /^127(\.\d{1,3}){3}$/.test(host))
    return true
  return Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === host))
}

const mayOpen = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    // It is for other users, or gone.
    return false
  }
}

/**
 * The daemon of a data folder; null if none runs, if the file is a leftover of one that was killed, or if it cannot be read.
 * Synchronous: it is read before each request of a command, in about 50 µs.
 */
export const readDaemonAddress = (data: string): DaemonAddress | null => {
  try {
    const path = fileIn(data)
    const stats = lstatSync(path)
    if (!stats.isFile() || stats.size > most) return null
    const value = JSON.parse(readFileSync(path, 'utf8')) as unknown
    if (problemsOf(Written, value).length > 0) return null
    const { url, socket = null, pid, start_time, ...boot } = value as Static<typeof Written>
    const runs = isOfThisBoot(boot) && stillRuns({ pid, startTime: start_time })
    return runs && isHere(url) ? { url, pid, socket: socket !== null && mayOpen(socket) ? socket : null } : null
  } catch {
    // No daemon has run here yet, or the folder is not for this user: both mean that nothing is known.
    return null
  }
}

/** Whether the last daemon of a data folder died: one that was stopped has removed its file. */
export const daemonDied = (data: string): boolean => existsSync(fileIn(data)) && readDaemonAddress(data) === null

/**
 * Records that this process listens at `url`, and at a local socket (null: at none). A folder that cannot be written does not keep the daemon from serving.
 * @returns removes the file when disposed
 */
export const recordDaemonAddress = async (
  data: string,
  url: string,
  socket: string | null = null,
): Promise<AsyncDisposable> => {
  const path = fileIn(data)
  const { pid } = process
  const written: Static<typeof Written> = { url, socket, pid, start_time: readStat(pid)?.startTime ?? 0, ...thisBoot() }
  try {
    await writeFileAtomic(path, `${JSON.stringify(written)}\n`, 'record the address of the daemon')
    // The umask of a service is narrower. The other users of this machine may know the address.
    await chmod(path, 0o644)
  } catch (error) {
    log.warn(`commands without HAL0_URL may not find this daemon: ${Hal0Error.from(error).message}`)
  }
  return {
    [Symbol.asyncDispose]: () =>
      removeFile(path, 'remove the address of the daemon').catch((error: unknown) => {
        // It names a process that has ended, which its reader notices.
        log.warn(Hal0Error.from(error).message)
      }),
  }
}
