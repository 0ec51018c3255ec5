/** The API's port in hal0.toml, when setup is asked for another one. Comments and other keys stay. */
import { lchown, realpath } from 'node:fs/promises'
import { readServerSettings } from '../../system/config/server-config.ts'
import { storageError } from '../../system/files/storage-error.ts'
import { editToml } from '../../system/files/toml-file.ts'
import { configFile } from '../../system/paths.ts'
import type { Account } from '../accounts.ts'
import type { Layout } from '../layout.ts'
import type { Step } from '../step.ts'

/** @param owner finds who the file has to belong to; null: whoever runs setup */
export const portStep = ({ paths }: Layout, port: number, owner: () => Promise<Account | null>): Step => {
  const path = configFile(paths)
  return {
    id: 'port',
    async changes() {
      const { port: now } = await readServerSettings(paths, {})
      return now === port ? [] : [`set port = ${port} in ${path}, instead of ${now}`]
    },
    async apply() {
      await editToml(path, { port }, `set the port in ${path}`)
      const account = await owner()
      if (account === null) return
      try {
        await lchown(await realpath(path), account.uid, account.gid)
      } catch (error) {
        throw storageError(error, path, "give hal0.toml to hal0's user")
      }
    },
  }
}
