/**
 * hal0.toml of this machine, read without a daemon. People ask what is wrong with it when no daemon starts, and an editor needs
 * the file. Like the other local-*.ts it reaches past the contract.
 */
import { existsSync, type Stats } from 'node:fs'
import { lchown, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { providerNames } from '../../providers/table.ts'
import { serverProblems, unknownKeys } from '../../system/config/server-problems.ts'
import { writeFileAtomic } from '../../system/files/atomic-file.ts'
import { readTextIfThere } from '../../system/files/read-text.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { parseToml, readTomlText } from '../../system/files/toml-file.ts'
import { configFile, findPaths, type Paths } from '../../system/paths.ts'

/**
 * The folders of the hal0 of this machine: this user's own (or HAL0_ROOT), or those of the one that is installed for everybody, where
 * this user has none.
 */
export const localPaths = (): Paths => {
  const own = findPaths(process.env, process.getuid?.() === 0)
  const everybody = findPaths({}, true)
  const isElsewhere = (process.env.HAL0_ROOT ?? '') === '' && !existsSync(own.config) && existsSync(everybody.config)
  return isElsewhere ? everybody : own
}

/** Path of this machine's hal0.toml. */
export const localConfigFile = (): string => configFile(localPaths())

export interface ConfigVerdict {
  /** Why no daemon would start with it, in sentences; empty if one would. */
  problems: string[]
  /** What this version does not know. */
  warnings: string[]
}

/** Like readConfigText, but for editing. @throws Hal0Error `config.invalid` when it is not UTF-8, `storage.failed` */
export const readEditableText = async (path: string): Promise<string | null> => {
  const read = await readTomlText(path)
  if (read?.flaw != null) throw read.flaw
  return read?.text ?? null
}

/** @returns null when there is no such file. @throws Hal0Error `storage.failed` */
export const readConfigText = (path: string): Promise<string | null> =>
  readTextIfThere(path, 'read a configuration file')

/** @param path of the file, for the sentences */
export const checkConfigText = (text: string, path: string): ConfigVerdict => {
  try {
    const table = parseToml(text, path)
    return {
      problems: serverProblems(table).map(({ field, reason }) => `${path} is not valid: ${field} ${reason}.`),
      warnings: unknownKeys(table, providerNames).map(
        (key) => `This version of hal0 does not know the key ${key}; it is ignored.`,
      ),
    }
  } catch (error) {
    if (!(error instanceof Hal0Error)) throw error
    return { problems: [error.message], warnings: [] }
  }
}

/** Mode and owner of the file, or those of its folder if the file is new. */
const rightsOf = async (path: string): Promise<{ mode: number; owner: Pick<Stats, 'uid' | 'gid'> } | null> => {
  try {
    const { mode, uid, gid } = await stat(path)
    return { mode: mode & 0o777, owner: { uid, gid } }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw storageError(error, path, 'look at a configuration file')
  }
  try {
    const { uid, gid } = await stat(dirname(path))
    return { mode: 0o644, owner: { uid, gid } }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw storageError(error, path, 'look at a configuration file')
  }
}

/**
 * Runs what replaces the file. Its owner stays, so that hal0's own user can still read it after root has changed it.
 * @param replace gets the mode that the file should have; null: its folder does not exist yet
 * @throws Hal0Error `storage.failed`, and whatever `replace` throws
 */
export const keepingOwner = async <T>(path: string, replace: (mode: number | null) => Promise<T>): Promise<T> => {
  const rights = await rightsOf(path)
  const result = await replace(rights?.mode ?? null)
  if (rights === null || process.getuid?.() !== 0) return result
  // Nothing is there if nothing had to be written.
  const target = await realpath(path).catch(() => null)
  if (target === null) return result
  try {
    await lchown(target, rights.owner.uid, rights.owner.gid)
  } catch (error) {
    throw storageError(error, target, "give hal0.toml to hal0's user")
  }
  return result
}

/**
 * Replaces the file in one rename; owner and mode stay.
 * @throws Hal0Error `storage.full`, `storage.failed`
 */
export const replaceConfig = (path: string, text: string): Promise<void> =>
  keepingOwner(path, async (mode) => {
    // The file may be a link into a folder under version control.
    const target = await realpath(path).catch(() => path)
    await writeFileAtomic(target, text, 'save hal0.toml', mode ?? undefined)
  })
