/** The hub's token belongs to the API, and nobody else may read it. */
import { constants, type Stats } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { hubTokenFile, type Paths } from '../../system/paths.ts'
import type { Step } from '../step.ts'

/** Whom the file has to belong to. */
export interface TokenOwner {
  name: string
  uid: number
  gid: number
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants

/** null: no such file. Links are not followed. @throws Hal0Error `storage.failed` */
export const statToken = async (path: string): Promise<Stats | null> => {
  try {
    return await lstat(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw storageError(error, path, "look at the file of the hub's token")
  }
}

/** Whether it may be mended as root: a link, or a second name of a file, may lead to what hal0's user must not be given. */
export const isMendable = (file: Stats): boolean => file.isFile() && file.nlink === 1

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0')

/** What is wrong with the token's file, as what is to be done. */
const changesOf = (path: string, file: Stats, owner: TokenOwner): string[] => [
  ...(file.uid === owner.uid ? [] : [`give ${path}, the hub's token, to ${owner.name}`]),
  ...((file.mode & 0o077) === 0 ? [] : [`close ${path}, the hub's token, to others: its mode is ${octal(file.mode)}`]),
]

/** @param findOwner null: there is no such user yet */
export const hubTokenStep = (paths: Paths, findOwner: () => Promise<TokenOwner | null>): Step => {
  const path = hubTokenFile(paths)
  return {
    id: 'hub-token',
    async changes() {
      const [file, owner] = [await statToken(path), await findOwner()]
      return file === null || owner === null || !isMendable(file) ? [] : changesOf(path, file, owner)
    },
    async apply() {
      const owner = await findOwner()
      if (owner === null) return
      try {
        const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        try {
          const now = await file.stat()
          if (!isMendable(now)) return
          // By the open file: its name may mean another one by now.
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
