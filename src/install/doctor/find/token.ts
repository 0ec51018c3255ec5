/** Problems of the hub token's file that no step of setup fixes. */
import { stat } from 'node:fs/promises'
import { errnoOf, storageError } from '../../../system/files/storage-error.ts'
import { hubTokenFile, type Paths } from '../../../system/paths.ts'
import { isSafeToFix, statToken } from '../../steps/hub-token.ts'

/** @returns sentences that say what to do; empty when there is no such file */
export const findTokenProblems = async (paths: Paths): Promise<string[]> => {
  const path = hubTokenFile(paths)
  const file = await statToken(path)
  if (file === null || isSafeToFix(file)) return []
  if (file.isFile()) {
    return [
      `${path}, the hub's token, has ${file.nlink} names. Remove it, then give the token again: hal0 config token`,
    ]
  }
  if (!file.isSymbolicLink()) return [`${path} is not a file. Remove it, then give the hub's token: hal0 config token`]
  try {
    const target = await stat(path)
    if (target.isFile() && (target.mode & 0o077) === 0) return []
    return [`${path} leads to a file that holds the hub's token and is open to others. Close it: chmod 600 ${path}`]
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [`${path} is a link that leads nowhere. Remove it: rm ${path}`]
    throw storageError(error, path, "look at the file of the hub's token")
  }
}
