/** Makes sure that the hub token belongs to the API's user, and that nobody else may read it. */
import { constants, type Stats } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { hubTokenFile, type Paths } from '../../system/paths.ts'
import type { Step } from '../step.ts'

/** The required owner of the file. */
export interface TokenOwner {
  name: string
  uid: number
  gid: number
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants

/** Does not follow links. @returns null when there is no such file. @throws Hal0Error `storage.failed` */
export const statToken = async (path: string): Promise<Stats | null> => {
  try {
    return await lstat(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw storageError(error, path, "look at the file of the hub's token")
  }
}

/** Whether root may fix it: a symbolic or hard link may lead to a file that hal0's user must not be given. */
export const isSafeToFix = (file: Stats): boolean => file.isFile() && file.nlink === 1

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0')

/** The changes that the token's file needs. */
const changesOf = (path: string, file: Stats, owner: TokenOwner): string[] => [
  ...(file.uid === owner.uid ? [] : [`give ${path}, the hub's token, to ${owner.name}`]),
  ...((file.mode & 0o077) === 0 ? [] : [`close ${path}, the hub's token, to others: its mode is ${octal(file.mode)}`]),
]

/** @param findOwner resolves to null while the user does not exist yet */
export const hubTokenStep = (paths: Paths, findOwner: () => Promise<TokenOwner | null>): Step => {
  const path = hubTokenFile(paths)
  return {
    id: 'hub-token',
    async changes() {
      const [file, owner] = [await statToken(path), await findOwner()]
      return file === null || owner === null || !isSafeToFix(file) ? [] : changesOf(path, file, owner)
    },
    async apply() {
      const owner = await findOwner()
      if (owner === null) return
      try {
        const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        try {
          const now = await file.stat()
          if (!isSafeToFix(now)) return
          // On the open file: the name may mean another file by now.
          await file.chmod(0o600)
          if (now.uid !== owner.uid) await file.chown(owner.uid, owner.gid)
        } finally {
          await file.close()
        }
      } catch (error) {
        if (errnoOf(error) !== 'EACCES' && errnoOf(error) !== 'EPERM') throw storageError(error, path, 'close a file')
        throw new Hal0Error(
          'install.refused',
          `Only root may change ${path}. Run: sudo chown ${owner.name} ${path} && sudo chmod 600 ${path}`,
          { details: { path }, cause: error },
        )
      }
    },
    withoutIt: 'hal0 runs, but does not use that token.',
  }
}
