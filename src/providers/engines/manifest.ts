/** `engines/<id>/engine.json`: what an installed engine is. A folder without one is the leftover of an interrupted installation. */
import { constants } from 'node:fs'
import { access, readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { problemsOf } from '../../lib/validate.ts'
import { readTextIfThere } from '../../system/files/read-text.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'

export const EngineManifest = Type.Object({
  id: Type.String(),
  provider: Type.String(),
  source: Type.Literal('pypi'),
  version: Type.String(),
  path: Type.String({ description: "The program, relative to the engine's folder, so that the data folder may move." }),
  opens_port_late: Type.Boolean(),
  installed_at: Type.String({ description: 'RFC 3339.' }),
})
export type EngineManifest = Static<typeof EngineManifest>

export interface InstalledEngine {
  manifest: EngineManifest
  /** Absolute path of the program. */
  program: string
}

export const manifestName = 'engine.json'
const idPattern = /^[a-z0-9][A-Za-z0-9._+-]{0,127}$/

/** Ids are folder names: no separator, no leading dot. */
export const isEngineId = (text: string): boolean => idPattern.test(text)

/** The manifest in `folder`; null when there is none, or none that hal0 can read. */
const readManifest = async (folder: string): Promise<EngineManifest | null> => {
  const path = join(folder, manifestName)
  let text: string | null
  try {
    text = await readTextIfThere(path, 'read the manifest of an engine')
  } catch (error) {
    // One broken engine must not hide the others. There may also be files beside the folders, which are not engines.
    if (!(error instanceof Hal0Error) || error.details.errno !== 'ENOTDIR') log.warn(`could not read ${path}`, error)
    return null
  }
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    return problemsOf(EngineManifest, value).length === 0 ? (value as EngineManifest) : null
  } catch {
    // Truncated or foreign: like no manifest at all, so the folder is not an engine.
    return null
  }
}

/** The engine installed in `enginesDir/<id>`, or null. */
export const installedEngine = async (enginesDir: string, id: string): Promise<InstalledEngine | null> => {
  if (!isEngineId(id)) return null
  const folder = join(enginesDir, id)
  const manifest = await readManifest(folder)
  return manifest === null || manifest.id !== id ? null : { manifest, program: join(folder, manifest.path) }
}

/** Every installed engine, the newest installation first. */
export const installedEngines = async (enginesDir: string): Promise<InstalledEngine[]> => {
  let names: string[]
  try {
    names = await readdir(enginesDir)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw storageError(error, enginesDir, 'list the installed engines')
  }
  const found = await Promise.all(names.map((name) => installedEngine(enginesDir, name)))
  return found
    .filter((engine) => engine !== null)
    .sort((a, b) => (a.manifest.installed_at < b.manifest.installed_at ? 1 : -1))
}

/** The manifest of the engine that a program belongs to, even if it is named by its path or through a link. */
export const manifestOfProgram = async (program: string): Promise<EngineManifest | null> => {
  try {
    return await readManifest(dirname(await realpath(program)))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw storageError(error, program, 'look for the manifest of an engine')
  }
}

/** Whether `path` is a file that this process may execute. */
export const isProgram = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    // Missing, not executable or inaccessible: in each case it cannot be run.
    return false
  }
}
