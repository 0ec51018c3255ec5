/** The settings of a running daemon: what hal0.toml says now, and how to change it. */
import { configDefaults, type ServerConfig } from '../../contract/config.ts'
import {
  type Settings,
  type SettingsPatch,
  settingKey,
  settingPaths,
  type TokenSource,
} from '../../contract/settings.ts'
import { Mutex } from '../../lib/async/mutex.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { editToml, type TomlTable, withChanges } from '../files/toml-file.ts'
import { configFile, type Paths } from '../paths.ts'
import { readServerConfig, type ServerOptions, type ServerSettings, serverSettings } from './server-config.ts'
import { serverProblems } from './server-problems.ts'
import { tomlChanges, valueAt } from './setting-changes.ts'

export interface SettingsService {
  /** @throws Hal0Error `config.invalid` if the file has been broken since */
  show(): Promise<Settings>
  /** @throws Hal0Error `request.invalid` if no daemon would start with the change, `storage.full`, `storage.failed` */
  edit(patch: SettingsPatch): Promise<Settings>
}

export interface TokenStore {
  /** Where the token comes from now, and why it cannot be used, if it cannot. */
  look(): Promise<{ source: TokenSource; problem: string | null }>
  /** null: remove it. @throws Hal0Error `storage.full`, `storage.failed` */
  store(token: string | null): Promise<void>
}

export interface SettingsDeps {
  paths: Paths
  /** Options from the command line, which win over the file. */
  options: ServerOptions
  /** HF_ENDPOINT from the environment, which wins over the mirrors; null: not set. */
  endpoint: string | null
  /** Names of all providers: the keys of `[engines]`. */
  providers: readonly string[]
  /** The settings that the daemon was started with. */
  started: ServerSettings
  token: TokenStore
  /** Checks that a daemon would start after `patch`, without the options of the command line. @throws Hal0Error why not */
  trial(next: ServerSettings, patch: SettingsPatch): Promise<void>
  /** Applies the settings that may change while the daemon runs. */
  apply(settings: ServerSettings): void
}

/** Settings that the daemon reads only at its start. */
const atStart = [
  'host',
  'port',
  'supervisor',
  'allowedHosts',
  'auth',
  'behindProxy',
  'corsOrigins',
  'maxBodyBytes',
  'bodyMemoryBytes',
  'drainMs',
  'slotPorts',
  'decisions',
] as const satisfies (keyof ServerSettings)[]

export class ServerSettingsFile implements SettingsService {
  readonly #deps: SettingsDeps
  readonly #edits = new Mutex()
  #mirrors: readonly string[]

  constructor(deps: SettingsDeps) {
    this.#deps = deps
    this.#mirrors = deps.started.mirrors
  }

  async show(): Promise<Settings> {
    const { paths, options, endpoint, token, providers } = this.#deps
    const config = await readServerConfig(paths)
    const { source, problem } = await token.look()
    const overridden = Object.keys(options).map((option) => (option === 'behindProxy' ? 'behind_proxy' : option))
    if (endpoint !== null) overridden.push('hub.mirrors')
    return {
      file: configFile(paths),
      values: {
        host: options.host ?? config.host ?? configDefaults.host,
        port: options.port ?? config.port ?? configDefaults.port,
        supervisor: options.supervisor ?? config.supervisor ?? configDefaults.supervisor,
        allowed_hosts: config.allowed_hosts ?? [],
        auth: config.auth ?? configDefaults.auth,
        behind_proxy: options.behindProxy ?? config.behind_proxy ?? [],
        cors_origins: config.cors_origins ?? [],
        max_body_mb: config.max_body_mb ?? configDefaults.max_body_mb,
        body_memory_mb: config.body_memory_mb ?? configDefaults.body_memory_mb,
        drain_s: config.drain_s ?? configDefaults.drain_s,
        slots: { ports: config.slots?.ports ?? configDefaults.slots.ports },
        engines: Object.fromEntries(providers.map((name) => [name, config.engines?.[name] ?? null])),
        hub: { mirrors: endpoint === null ? (config.hub?.mirrors ?? []) : [endpoint], token: source },
        update: { url: config.update?.url ?? null },
        decisions: {
          keep: config.decisions?.keep ?? configDefaults.decisions.keep,
          keep_days: config.decisions?.keep_days ?? configDefaults.decisions.keep_days,
          keep_mb: config.decisions?.keep_mb ?? configDefaults.decisions.keep_mb,
        },
      },
      set: settingPaths(providers)
        .filter((path) => valueAt(config, path) !== undefined)
        .map(settingKey),
      overridden,
      restart_needed: this.#needsRestart(serverSettings(config, options)),
      problems: problem === null ? [] : [problem],
    }
  }

  #needsRestart(now: ServerSettings): boolean {
    const { started } = this.#deps
    const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b)
    return atStart.some((key) => differs(started[key], now[key])) || differs(this.#mirrors, now.mirrors)
  }

  edit(patch: SettingsPatch): Promise<Settings> {
    return this.#edits.run(async () => {
      const { paths, options, token, apply } = this.#deps
      const checked = async (table: TomlTable): Promise<TomlTable> => {
        const changes = tomlChanges(table, patch)
        await this.#check(withChanges(table, changes), patch)
        return changes
      }
      const config = (await editToml(configFile(paths), checked, 'change the settings')) as ServerConfig
      if (patch.hub?.token !== undefined) await token.store(patch.hub.token)
      const settings = serverSettings(config, options)
      apply(settings)
      this.#mirrors = settings.mirrors
      return this.show()
    })
  }

  /** @throws Hal0Error `request.invalid` */
  async #check(table: TomlTable, patch: SettingsPatch): Promise<void> {
    const problems = serverProblems(table)
    const [first] = problems
    if (first !== undefined) {
      throw new Hal0Error('request.invalid', `No daemon would start with this: ${first.field} ${first.reason}.`, {
        param: first.field,
        details: { problems },
      })
    }
    try {
      await this.#deps.trial(serverSettings(table as ServerConfig, {}), patch)
    } catch (error) {
      if (!(error instanceof Hal0Error)) throw error
      throw new Hal0Error('request.invalid', error.message, {
        ...(error.param === null ? {} : { param: error.param }),
        details: error.details,
        cause: error,
      })
    }
  }
}
