import { isAbsolute, join, relative } from 'node:path'
import type { Engine } from '../../contract/engine.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { type EngineKind, installCommand } from './engine-kind.ts'
import { type InstalledEngine, installedEngine, installedEngines, isProgram, manifestOfProgram } from './manifest.ts'

/** Where to look for engines. */
export interface EnginePlaces {
  enginesDir: string
  /** `[engines]` of hal0.toml for the provider, and the path of that file. */
  configured: { value: string; file: string } | null
  /** The daemon's PATH. */
  path: string
}

/** An installed engine as the API shows it. */
export const wireEngine = ({ manifest, program }: InstalledEngine): Engine => ({
  id: manifest.id,
  provider: manifest.provider,
  source: manifest.source,
  version: manifest.version,
  path: program,
  default: false,
  installed_at: manifest.installed_at,
})

const engineByPath = (provider: string, path: string, source: Engine['source']): Engine => ({
  id: path,
  provider,
  source,
  version: null,
  path,
  default: false,
  installed_at: null,
})

/**
 * The engine that a setting names, by id or by absolute path.
 * @param where for the message: "the slot's engine setting"
 * @throws Hal0Error `engine.not_installed`; a setting that names nothing usable is never ignored
 */
export const engineNamed = async (
  kind: EngineKind,
  value: string,
  where: string,
  source: 'path' | 'config',
  enginesDir: string,
): Promise<Engine> => {
  const { provider } = kind
  if (!isAbsolute(value)) {
    const installed = await installedEngine(enginesDir, value)
    if (installed !== null && installed.manifest.provider === provider) return wireEngine(installed)
    const ids = (await installedEngines(enginesDir)).map((engine) => engine.manifest.id)
    const known = ids.length === 0 ? 'none is' : `${ids.join(', ')} ${ids.length === 1 ? 'is' : 'are'}`
    throw new Hal0Error(
      'engine.not_installed',
      `No engine "${value}" is installed for ${provider}, but ${where} names it (${known}). Change the setting, or run: ${installCommand(kind)}`,
      { details: { engine: value, installed: ids } },
    )
  }
  if (!(await isProgram(value))) {
    throw new Hal0Error(
      'engine.not_installed',
      `${value}, which ${where} names as the ${provider} engine, is not there or is not executable. Correct the path, or run: ${installCommand(kind)}`,
      { details: { engine: value } },
    )
  }
  const manifest = await manifestOfProgram(value)
  const own = manifest === null ? null : await installedEngine(enginesDir, manifest.id)
  return own !== null && own.program === value ? wireEngine(own) : engineByPath(provider, value, source)
}

/** The program on PATH; relative folders in PATH do not count, since the daemon's own folder means nothing to a user. */
export const engineOnPath = async ({ provider, program: name }: EngineKind, path: string): Promise<Engine | null> => {
  for (const folder of path.split(':')) {
    if (!isAbsolute(folder)) continue
    const program = join(folder, name)
    if (await isProgram(program)) return engineByPath(provider, program, 'system')
  }
  return null
}

/** Implements `EngineService.find`. */
export const findEngine = async (kind: EngineKind, setting: string | null, places: EnginePlaces): Promise<Engine> => {
  const { provider } = kind
  const { enginesDir, configured } = places
  if (setting !== null) return await engineNamed(kind, setting, "the slot's engine setting", 'path', enginesDir)
  if (configured !== null) {
    const where = `[engines] in ${configured.file}`
    return await engineNamed(kind, configured.value, where, 'config', enginesDir)
  }
  for (const engine of await installedEngines(enginesDir)) {
    if (engine.manifest.provider === provider) return wireEngine(engine)
  }
  const onPath = await engineOnPath(kind, places.path)
  if (onPath !== null) return onPath
  throw new Hal0Error('engine.not_installed', `No ${provider} engine is installed. Run: ${installCommand(kind)}`, {
    details: { provider },
  })
}

/** Whether `program` is in the folder of the engine `id`. */
export const belongsTo = (program: string, enginesDir: string, id: string): boolean => {
  const path = relative(join(enginesDir, id), program)
  return path !== '' && !path.startsWith('..') && !isAbsolute(path)
}
