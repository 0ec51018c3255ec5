/** `hal0 serve` in the background: in its own session, so that it outlives the terminal, with a log file. */
import { closeSync, openSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readTextIfThere } from '../../../system/files/read-text.ts'
import { errnoOf, storageError } from '../../../system/files/storage-error.ts'
import { thisCaller } from '../../../system/systemd/hosting.ts'

export interface Background {
  pid: number
  /** What it prints; that of the start before is beside it, as `.1`. */
  log: string
  /** Its exit status, once it has ended. */
  exited: Promise<number>
}

/**
 * Opens the log of a daemon that begins. That of the last start is kept, and no older one.
 * @returns its descriptor
 * @throws Hal0Error `storage.failed`
 */
export const openLog = (log: string): number => {
  try {
    renameSync(log, `${log}.1`)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw storageError(error, log, 'keep the log of the last start')
  }
  try {
    return openSync(log, 'a', 0o600)
  } catch (error) {
    throw storageError(error, log, 'open the log of the daemon')
  }
}

/** Its working folder is `/`, where a relative HAL0_ROOT would be another folder. A client's key is no business of a daemon. */
const environment = (): Record<string, string | undefined> => {
  const { HAL0_ROOT: root, HAL0_API_KEY: _, ...env } = process.env
  return root === undefined || root === '' ? env : { ...env, HAL0_ROOT: resolve(root) }
}

/**
 * Starts the daemon, without waiting for anything.
 * @param data the data folder, which exists
 * @param options of `hal0 serve`
 * @throws Hal0Error `storage.failed` when the log cannot be written
 */
export const serveInBackground = (data: string, options: readonly string[]): Background => {
  const log = join(data, 'serve.log')
  const output = openLog(log)
  try {
    const { program } = thisCaller()
    const command = program === process.execPath ? [program] : [process.execPath, program]
    const child = Bun.spawn([...command, 'serve', ...options], {
      cwd: '/',
      env: environment(),
      stdio: ['ignore', output, output],
      detached: true,
    })
    child.unref()
    return { pid: child.pid, log, exited: child.exited }
  } finally {
    closeSync(output)
  }
}

const lastLines = 10

/** What it printed last. */
export const tailOf = async (log: string): Promise<string[]> => {
  const text = (await readTextIfThere(log, 'read the log of the daemon')) ?? ''
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-lastLines)
}
