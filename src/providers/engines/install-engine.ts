/** Installs an engine of any kind, completely or not at all. */
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { syncFolder, writeFileAtomic } from '../../system/files/atomic-file.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { LeftoverSweeper } from './leftovers.ts'
import { type EngineManifest, type InstalledEngine, installedEngine, manifestName } from './manifest.ts'
import { syncTree } from './sync-tree.ts'

/** Moves the finished folder into place; an engine that another hal0 has put there in the meantime stays. */
const moveIntoPlace = async (folder: string, target: string, isInstalled: () => Promise<boolean>): Promise<void> => {
  try {
    await rename(folder, target)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno !== 'ENOTEMPTY' && errno !== 'EEXIST') throw error
    if (await isInstalled()) return
    await rm(target, { recursive: true, force: true })
    await rename(folder, target)
  }
}

const leftovers = new LeftoverSweeper()

/**
 * Everything happens in a temporary folder. The manifest is written last, and the engine exists only once the folder is renamed:
 * an interruption leaves a leftover, never half an engine.
 * @param fill puts everything but the manifest into the folder
 * @throws Hal0Error `engine.install_failed`, `storage.full`, `storage.failed`, and what `fill` throws
 */
export const installEngine = async (
  enginesDir: string,
  engine: Omit<EngineManifest, 'installed_at'>,
  fill: (folder: string) => Promise<void>,
): Promise<InstalledEngine> => {
  const { id } = engine
  const name = leftovers.newName()
  const folder = join(enginesDir, name)
  try {
    await mkdir(enginesDir, { recursive: true })
    await leftovers.sweep(enginesDir)
    await mkdir(folder)
    await fill(folder)
    await syncTree(folder)
    const manifest: EngineManifest = { ...engine, installed_at: new Date().toISOString() }
    await writeFileAtomic(
      join(folder, manifestName),
      `${JSON.stringify(manifest, null, 2)}\n`,
      'write the manifest of the engine',
    )
    await moveIntoPlace(folder, join(enginesDir, id), async () => (await installedEngine(enginesDir, id)) !== null)
    await syncFolder(enginesDir)
  } catch (error) {
    throw storageError(error, enginesDir, 'install the engine')
  } finally {
    await rm(folder, { recursive: true, force: true })
    leftovers.done(name)
  }
  const installed = await installedEngine(enginesDir, id)
  if (installed === null)
    throw new Hal0Error('engine.install_failed', `${id} was removed while it was being installed. Try again.`)
  return installed
}
