/** The folders for hal0's configuration and data. */
import { stat } from 'node:fs/promises'
import { makeFolder } from '../../system/files/atomic-file.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { enginesDir, modelsDir, slotConfigDir } from '../../system/paths.ts'
import { slotUser } from '../../system/systemd/unit/slot-user.ts'
import { findUser } from '../accounts.ts'
import { apiUser, type Layout, type SystemLayout, type UserLayout } from '../layout.ts'
import type { Programs } from '../programs.ts'
import { tmpfilesFile } from '../service/unit-files.ts'
import type { Step } from '../step.ts'
import { textFileChanges, writeTextFiles } from './text-files.ts'

export interface Folder {
  path: string
  mode: number
  group: string
}

/** The same as in `systemd/hal0.tmpfiles.conf`; all belong to the API's user. */
export const systemFolders = ({ paths }: SystemLayout): Folder[] => [
  { path: paths.config, mode: 0o750, group: apiUser },
  { path: slotConfigDir(paths), mode: 0o750, group: apiUser },
  { path: paths.data, mode: 0o755, group: apiUser },
  // Setgid: files that the API writes there belong to the backends' group.
  ...[`${paths.data}/slots`, modelsDir(paths), enginesDir(paths)].map((path) => ({
    path,
    mode: 0o2750,
    group: slotUser,
  })),
]

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0')

/** Follows links: models are often on a disk of their own. */
const find = async (path: string) => {
  try {
    return await stat(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw storageError(error, path, 'look at a folder')
  }
}

export const systemFoldersStep = (layout: SystemLayout, programs: Programs): Step => {
  const file = tmpfilesFile(layout)
  const folderChanges = async ({ path, mode, group }: Folder): Promise<string[]> => {
    const [found, user, owner] = [await find(path), await findUser(programs, apiUser), await findUser(programs, group)]
    if (found === null) return [`make ${path} (${apiUser}:${group}, ${octal(mode)})`]
    const right =
      user?.uid === found.uid && owner?.gid === found.gid && found.isDirectory() && (found.mode & 0o7777) === mode
    return right ? [] : [`give ${path} to ${apiUser}:${group} with mode ${octal(mode)}`]
  }
  return {
    id: 'folders',
    async changes() {
      const changes = await textFileChanges([file])
      for (const folder of systemFolders(layout)) changes.push(...(await folderChanges(folder)))
      return changes
    },
    async apply() {
      await writeTextFiles([file])
      await programs.run('systemd-tmpfiles', ['--create', file.path])
    },
  }
}

/** The folders of a user's own installation, closed to everybody else. */
const userFolders = ({ paths }: Layout): string[] => [paths.config, slotConfigDir(paths), paths.data]

export const userFoldersStep = (layout: UserLayout): Step => {
  const missing = async (): Promise<string[]> => {
    const found = await Promise.all(userFolders(layout).map(find))
    return userFolders(layout).filter((_, index) => found[index] === null)
  }
  return {
    id: 'folders',
    changes: async () => (await missing()).map((path) => `make ${path}`),
    async apply() {
      for (const path of await missing()) {
        try {
          await makeFolder(path)
        } catch (error) {
          throw storageError(error, path, 'make a folder')
        }
      }
    },
  }
}
