/**
 * hal0.toml of this machine, read without a daemon. People ask what is wrong with it when no daemon starts, and an editor needs
 * the file. Like the other local-*.ts it reaches past the contract.
 */
import type { Stats } from 'node:fs'
import { lchown, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { providerNames } from '../../providers/table.ts'
import { serverProblems, unknownKeys } from '../../system/config/server-problems.ts'
import { writeFileAtomic } from '../../system/files/atomic-file.ts'
import { readTextIfThere } from '../../system/files/read-text.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { parseToml, readTomlText } from '../../system/files/toml-file.ts'
import { configFile, findPaths } from '../../system/paths.ts'

/** Path of hal0.toml in this user's folders (or HAL0_ROOT). */
export const localConfigFile = (): string => configFile(findPaths(process.env, process.getuid?.() === 0))

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
 * Replaces the file in one rename. Owner and mode stay, so that hal0's own user can still read it after root has edited it.
 * @throws Hal0Error `storage.full`, `storage.failed`
 */
export const replaceConfig = async (path: string, text: string): Promise<void> => {
  const rights = await rightsOf(path)
  // The file may be a link into a folder under version control.
  const target = rights === null ? path : await realpath(path).catch(() => path)
  await writeFileAtomic(target, text, 'save hal0.toml', rights?.mode)
  if (rights === null || process.getuid?.() !== 0) return
  try {
    await lchown(target, rights.owner.uid, rights.owner.gid)
  } catch (error) {
    throw storageError(error, target, "give hal0.toml to hal0's user")
  }
}
