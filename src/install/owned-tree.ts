/**
 * Checks folders that hal0's user may write to, and fixes owners and modes there, as root. Every name is resolved from an open
 * folder and no link is followed: otherwise an attacker who has taken over the API could swap a folder for a link and be given /etc.
 */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lchown, lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, storageError } from '../system/files/storage-error.ts'

/** The owner and readers that everything below a folder must have. */
export interface Rule {
  uid: number
  /** The group that must be able to read it; null: any. */
  readers: number | null
  /** Names of files and folders that are for the owner alone, at any depth: the group need not read them, nor what is in them. */
  ownerOnly?: readonly string[]
}

export interface Violation {
  owner: boolean
  mode: boolean
}

const setgid = 0o2000

/** The mode that gives the group the owner's rights except writing; folders pass on their group. */
export const readableMode = (mode: number, isFolder: boolean): number => {
  const now = mode & 0o7777
  if (isFolder) return now | 0o050 | setgid
  return now | 0o040 | ((now & 0o100) === 0 ? 0 : 0o010)
}

/** How an entry breaks the rule; null if it does not. Links have no rights of their own. */
export const violationOf = (entry: Stats, { uid, readers }: Rule): Violation | null => {
  if (entry.isSymbolicLink()) return null
  const owner = entry.uid !== uid || (readers !== null && entry.gid !== readers)
  const plain = entry.isFile() || entry.isDirectory()
  const mode = readers !== null && plain && readableMode(entry.mode, entry.isDirectory()) !== (entry.mode & 0o7777)
  return owner || mode ? { owner, mode } : null
}

const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK } = constants

const vanished = (error: unknown): boolean => errnoOf(error) === 'ENOENT'

/** Opens a folder; null when it is a link, not a folder, or gone. */
const openFolder = async (path: string): Promise<FileHandle | null> => {
  try {
    return await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return null
    throw error
  }
}

const fixMode = async (path: string): Promise<void> => {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const now = await file.stat()
    await file.chmod(readableMode(now.mode, now.isDirectory()))
  } finally {
    await file.close()
  }
}

const visit = async (folder: FileHandle, rule: Rule, fix: boolean, skip: readonly string[]): Promise<number> => {
  const at = `/proc/self/fd/${folder.fd}`
  let wrong = 0
  for (const name of await readdir(at)) {
    if (skip.includes(name)) continue
    const path = join(at, name)
    try {
      const entry = await lstat(path)
      const applied = rule.ownerOnly?.includes(name) === true ? { uid: rule.uid, readers: null } : rule
      const found = violationOf(entry, applied)
      if (found !== null) wrong += 1
      // A hard link: its other name may be one of root's files.
      const isFixable = fix && (entry.isDirectory() || entry.nlink === 1)
      if (isFixable && found?.owner === true) await lchown(path, rule.uid, rule.readers ?? rule.uid)
      // After the owner, since the kernel clears setgid when the owner changes.
      if (isFixable && applied.readers !== null && found !== null) await fixMode(path)
      if (!entry.isDirectory()) continue
      const inner = await openFolder(path)
      if (inner === null) continue
      wrong += await visit(inner, applied, fix, []).finally(() => inner.close())
    } catch (error) {
      if (!vanished(error)) throw error
    }
  }
  return wrong
}

/**
 * Counts the entries below `path` (without `path` itself) that break the rule.
 * @param fix also fix them; files with several hard links stay as they are
 * @param skip names directly below `path` that have their own rule
 * @throws Hal0Error `storage.failed`
 */
export const checkOwners = async (path: string, rule: Rule, fix: boolean, skip: readonly string[]): Promise<number> => {
  try {
    const folder = await openFolder(path)
    if (folder === null) return 0
    return await visit(folder, rule, fix, skip).finally(() => folder.close())
  } catch (error) {
    throw storageError(error, path, 'look at the owners of files')
  }
}
