import { statSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { Engine, EngineInstall, EngineUse } from '../../contract/engine.ts'
import { SingleFlight } from '../../lib/async/single-flight.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { isTable } from '../../lib/validate.ts'
import { syncFolder } from '../../system/files/atomic-file.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { editToml, readToml, type TomlTable } from '../../system/files/toml-file.ts'
import { configFile, enginesDir, type Paths } from '../../system/paths.ts'
import type { EngineKind } from './engine-kind.ts'
import type { EngineService } from './engine-service.ts'
import { belongsTo, type EnginePlaces, engineNamed, engineOnPath, findEngine, wireEngine } from './find-engine.ts'
import { removedName } from './leftovers.ts'
import { installedEngine, installedEngines, isProgram } from './manifest.ts'

/** The engines on this machine's disk. Nothing is cached: every answer comes from the disk. */
export class Engines implements EngineService {
  readonly #paths: Paths
  readonly #env: Record<string, string | undefined>
  readonly #kinds: readonly EngineKind[]
  readonly #installs = new SingleFlight<Engine>()

  /**
   * @param env the daemon's environment: PATH, package index, certificates
   * @param kinds one for each provider
   */
  constructor(paths: Paths, env: Record<string, string | undefined>, kinds: readonly EngineKind[]) {
    this.#paths = paths
    this.#env = env
    this.#kinds = kinds
  }

  get #dir(): string {
    return enginesDir(this.#paths)
  }

  /** @throws Hal0Error `config.invalid` */
  async #table(): Promise<TomlTable> {
    return this.#enginesOf((await readToml(configFile(this.#paths))) ?? {})
  }

  /** @throws Hal0Error `config.invalid` */
  #enginesOf({ engines = {} }: TomlTable): TomlTable {
    if (isTable(engines)) return engines
    throw this.#invalid('[engines] must be a table')
  }

  #invalid(why: string): Hal0Error {
    const file = configFile(this.#paths)
    return new Hal0Error('config.invalid', `${file} is not valid: ${why}. Correct the file and try again.`, {
      details: { path: file },
    })
  }

  async #places(name: string): Promise<EnginePlaces> {
    const value = (await this.#table())[name]
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw this.#invalid(`"${name}" in [engines] must be the id of an engine or the absolute path of a program`)
    }
    const configured = value === undefined ? null : { value, file: configFile(this.#paths) }
    return { enginesDir: this.#dir, configured, path: this.#env.PATH ?? '' }
  }

  /** @throws Hal0Error `request.invalid` */
  #kind(provider: string): EngineKind {
    const kind = this.#kinds.find((one) => one.provider === provider)
    if (kind !== undefined) return kind
    const known = this.#kinds.map((one) => one.provider).join(', ')
    throw new Hal0Error('request.invalid', `There is no provider ${provider}. There are: ${known}.`, {
      param: 'provider',
    })
  }

  async find(provider: string, setting: string | null): Promise<Engine> {
    return await findEngine(this.#kind(provider), setting, await this.#places(provider))
  }

  async #default(provider: string): Promise<Engine | null> {
    try {
      return await this.find(provider, null)
    } catch (error) {
      if (error instanceof Hal0Error && error.code === 'engine.not_installed') return null
      throw error
    }
  }

  /** What is wrong with the engines' folder, as a sentence with the remedy; null if nothing is wrong, or there is no folder yet. */
  problem(): string | null {
    try {
      if (statSync(this.#dir).isDirectory()) return null
    } catch (error) {
      return errnoOf(error) === 'ENOENT'
        ? null
        : storageError(error, this.#dir, 'read the folder of the engines').message
    }
    return `${this.#dir} is not a folder, so no engine can be found or installed there. Move it away, then install one: hal0 engine install`
  }

  async list(): Promise<Engine[]> {
    const all = (await installedEngines(this.#dir)).map(wireEngine)
    const defaults: Engine[] = []
    for (const kind of this.#kinds) {
      const chosen = await this.#default(kind.provider)
      const onPath = await engineOnPath(kind, this.#env.PATH ?? '')
      if (chosen !== null) defaults.push(chosen)
      for (const engine of [chosen, onPath]) {
        if (engine !== null && !all.some((known) => known.path === engine.path)) all.push(engine)
      }
    }
    return all.map((engine) => ({
      ...engine,
      default: defaults.some(({ provider, path }) => provider === engine.provider && path === engine.path),
    }))
  }

  async install(request: EngineInstall, onProgress: (sentence: string) => void = () => {}): Promise<Engine> {
    const { provider, source } = request
    const version = request.version ?? null
    const installer = this.#kind(provider).sources[source]
    if (installer === undefined) {
      throw new Hal0Error('request.invalid', `An engine of ${provider} cannot be installed from ${source}.`, {
        param: 'source',
      })
    }
    return await this.#installs.run(`${provider} ${source} ${version}`, async () => {
      const installed = await installer({ enginesDir: this.#dir, env: this.#env, version, onProgress })
      return await this.#marked(wireEngine(installed))
    })
  }

  async #marked(engine: Engine): Promise<Engine> {
    return { ...engine, default: (await this.#default(engine.provider))?.path === engine.path }
  }

  async use({ provider, engine: value }: EngineUse): Promise<Engine> {
    const kind = this.#kind(provider)
    const isUsable = isAbsolute(value)
      ? await isProgram(value)
      : (await installedEngine(this.#dir, value))?.manifest.provider === provider
    if (!isUsable) {
      const why = isAbsolute(value) ? 'is not there or is not executable' : `is not an installed engine of ${provider}`
      throw new Hal0Error('engine.not_found', `${value} ${why}. See: hal0 engine list`, {
        param: 'engine',
        details: { engine: value },
      })
    }
    await editToml(
      configFile(this.#paths),
      (table) => ({ engines: { ...this.#enginesOf(table), [provider]: value } }),
      'set the default engine',
    )
    const engine = await engineNamed(kind, value, '[engines]', 'config', this.#dir)
    return { ...engine, default: true }
  }

  async remove(id: string): Promise<void> {
    if ((await installedEngine(this.#dir, id)) === null) {
      throw new Hal0Error('engine.not_found', `No engine "${id}" is installed. See: hal0 engine list`, {
        param: 'id',
        details: { engine: id },
      })
    }
    for (const value of Object.values(await this.#table())) {
      if (typeof value !== 'string' || (value !== id && !belongsTo(value, this.#dir, id))) continue
      throw new Hal0Error(
        'engine.in_use',
        `${id} is the engine that [engines] in ${configFile(this.#paths)} names. Choose another one first: hal0 engine use ID`,
        { details: { id } },
      )
    }
    // Renamed first: an interrupted removal then leaves a leftover that the next installation sweeps, never half an engine.
    const doomed = join(this.#dir, removedName())
    try {
      await rename(join(this.#dir, id), doomed)
      await syncFolder(this.#dir)
      await rm(doomed, { recursive: true, force: true })
    } catch (error) {
      throw storageError(error, this.#dir, `remove the engine ${id}`)
    }
  }
}
