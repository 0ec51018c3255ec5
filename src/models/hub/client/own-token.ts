/** hal0's own hub token: a credential of its unit, or a file that nobody else may read. */
import { constants, type Stats, statSync } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { removeFile, syncFolder, writeFileAtomic } from '../../../system/files/atomic-file.ts'
import { errnoOf, storageError } from '../../../system/files/storage-error.ts'
import type { Env, TokenPlace } from './hub-settings.ts'

const doing = "store the hub's token"

const invalid = (path: string, message: string): Hal0Error =>
  new Hal0Error('config.invalid', message, { details: { path } })

/** Checks that a file with a secret is safe to use. @throws Hal0Error `config.invalid` with the command that fixes it */
const checkClosed = (path: string, file: Stats): void => {
  if (!file.isFile()) {
    throw invalid(path, `${path} is not a regular file. Remove it, then give the hub's token again: hal0 config token`)
  }
  if ((file.mode & 0o077) === 0) return
  const mode = (file.mode & 0o777).toString(8).padStart(4, '0')
  throw invalid(
    path,
    `${path} holds the hub's token and is open to others (mode ${mode}). Close it: chmod 600 ${path}, or hal0 doctor --fix`,
  )
}

/** @returns null if there is no such file. @throws Hal0Error `config.invalid`, `storage.failed` */
const openSecret = async (path: string): Promise<FileHandle | null> => {
  try {
    // Must not block on a pipe that has no writer.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return null
    if (errno !== 'EACCES') throw storageError(error, path, "read the hub's token")
    // As a number: chown(1) accepts it, and the user of a container may have no name.
    const user = process.getuid?.() ?? 0
    throw invalid(
      path,
      `hal0 runs as user ${user}, who may not read the hub's token in ${path}. Give it again with hal0 config token, or: sudo chown ${user} ${path}`,
    )
  }
}

/**
 * Why hal0's own token file cannot be used, as a sentence with the remedy; null if nothing is wrong with it, or if there is none. Only
 * looks at what it is, and does not wait.
 */
export const tokenFileProblem = (path: string): string | null => {
  try {
    checkClosed(path, statSync(path))
    return null
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    return storageError(error, path, "read the hub's token").message
  }
}

/** @throws Hal0Error `config.invalid`, `storage.failed` */
const readSecret = async (path: string): Promise<string | null> => {
  const file = await openSecret(path)
  if (file === null) return null
  try {
    checkClosed(path, await file.stat())
    return await file.readFile('utf8')
  } catch (error) {
    throw storageError(error, path, "read the hub's token")
  } finally {
    await file.close()
  }
}

/** @throws Hal0Error `storage.failed` */
const readCredential = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const errno = errnoOf(error)
    // The unit's user may read the credentials that systemd has loaded. If there are none, systemd leaves the folder closed (seen
    // with systemd 252).
    if (errno === 'ENOENT' || errno === 'EACCES') return null
    throw storageError(error, path, "read the hub's token")
  }
}

/** Where hal0 looks for a token of its own, the credential first (systemd.exec(5), LoadCredential=). */
export const ownTokenPlaces = (path: string, { CREDENTIALS_DIRECTORY: folder }: Env): TokenPlace[] => {
  const file: TokenPlace = { source: 'file', name: path, read: () => readSecret(path) }
  if (folder === undefined || folder === '') return [file]
  const credential = join(folder, 'hf-token')
  // systemd itself protects credentials from others, if possible by other means than the mode.
  return [{ source: 'credential', name: credential, read: () => readCredential(credential) }, file]
}

/**
 * Replaces or removes hal0's own token.
 * @param token null: remove it
 * @throws Hal0Error `storage.full`, `storage.failed`
 */
export const storeToken = async (path: string, token: string | null): Promise<void> => {
  if (token !== null) return await writeFileAtomic(path, `${token}\n`, doing, 0o600)
  await removeFile(path, "remove the hub's token")
  try {
    await syncFolder(dirname(path))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw storageError(error, path, "remove the hub's token")
  }
}
