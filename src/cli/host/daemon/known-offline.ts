/** The words that a model could be called by, from the files of a daemon that does not run: nothing has to be started to refuse. */
import { readdir } from 'node:fs/promises'
import catalog from '../../../models/catalog/catalog.json' with { type: 'json' }
import { errnoOf, storageError } from '../../../system/files/storage-error.ts'
import { readToml } from '../../../system/files/toml-file.ts'
import { findPaths, modelsDir, type Paths, slotConfigDir, slotConfigFile } from '../../../system/paths.ts'

/** Names of the files of one kind, without their ending; none where there is no folder. */
const stems = async (folder: string, ending: string): Promise<string[]> => {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw storageError(error, folder, 'see what is here')
  }
}

const aliasesOf = async (paths: Paths, slot: string): Promise<unknown[]> => {
  const { aliases } = (await readToml(slotConfigFile(paths, slot))) ?? {}
  return Array.isArray(aliases) ? aliases : []
}

/** Names and aliases of slots, ids of models that are here, and ids of the catalog. @throws Hal0Error `storage.failed`, `config.invalid` */
export const wordsKnownOffline = async (): Promise<string[]> => {
  const paths = findPaths(process.env, process.getuid?.() === 0)
  const slots = await stems(slotConfigDir(paths), '.toml')
  const aliases = (await Promise.all(slots.map((slot) => aliasesOf(paths, slot)))).flat()
  const models = await stems(modelsDir(paths), '.json')
  return [...slots, ...aliases.map(String), ...models, ...catalog.map(({ id }) => id)]
}
