/** An installation in a temporary folder, a service that runs what `current` leads to, and a clock that only tests move. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { currentVersion } from '../../../src/system/files/release-folder.ts'
import { findPaths } from '../../../src/system/paths.ts'
import type { ApiService, ApiState, Host } from '../../../src/update/host.ts'
import type { Confirm, ReleaseSource } from '../../../src/update/update.ts'
import { keys, programText, target } from './release-server.ts'

export const pathsOf = (root: string) => findPaths({ HAL0_ROOT: root }, true)
export const yes: Confirm = () => Promise.resolve(true)

/** Stands in for systemd and the API. */
export class FakeService implements ApiService {
  /** Versions that end right after they start. */
  readonly broken = new Set<string>()
  /** Versions that start and never answer. */
  readonly silent = new Set<string>()
  readonly restarts: string[] = []
  answering: string | null
  current: ApiState = 'running'
  failure: Error | null = null
  readonly #root: string

  constructor(root: string, answering: string) {
    this.#root = root
    this.answering = answering
  }

  async state(): Promise<ApiState> {
    return this.current
  }

  async restart(): Promise<void> {
    const version = (await currentVersion(pathsOf(this.#root))) ?? ''
    this.restarts.push(version)
    this.current = this.broken.has(version) ? 'failed' : 'running'
    this.answering = this.broken.has(version) || this.silent.has(version) ? null : version
    if (this.failure !== null) throw this.failure
  }

  async version(): Promise<string | null> {
    return this.answering
  }

  async lastLines(): Promise<string[]> {
    return ['the last line of a failing version']
  }
}

export class Installation {
  readonly paths
  readonly service: FakeService
  readonly said: string[] = []
  readonly host: Host
  /** Total milliseconds waited. */
  waited = 0

  /** @param versions the installed versions, of which the last is current; empty: hal0 is not installed */
  constructor(root: string, ...versions: string[]) {
    this.paths = pathsOf(root)
    for (const version of versions) this.add(version)
    const current = versions.at(-1) ?? ''
    if (current !== '') symlinkSync(current, join(this.paths.lib, 'current'))
    const slot = join(this.paths.data, 'slots/primary')
    mkdirSync(slot, { recursive: true })
    writeFileSync(join(slot, 'state.json'), '{"state":"ready"}')
    this.service = new FakeService(root, current)
    const began = Date.now()
    this.host = {
      paths: this.paths,
      service: this.service,
      fetch,
      manifestLimits: { silentMs: 2000, totalMs: 4000 },
      downloadLimits: { silentMs: 2000, totalMs: 4000 },
      now: () => began + this.waited,
      sleep: async (ms) => {
        this.waited += ms
      },
      say: (sentence) => this.said.push(sentence),
      progress: () => {},
    }
  }

  add(version: string, text = programText(version)): void {
    const folder = join(this.paths.lib, version)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'hal0'), text, { mode: 0o755 })
  }

  source(url: string): ReleaseSource {
    return { url, keys, target }
  }

  /** The content of the folder of versions, without the lock and the record, which stay. */
  get names(): string[] {
    return readdirSync(this.paths.lib)
      .filter((name) => name !== 'update.lock' && name !== 'update.json')
      .sort()
  }

  get program(): string {
    return readFileSync(join(this.paths.lib, 'current/hal0'), 'utf8')
  }

  mode(path: string): number {
    return lstatSync(join(this.paths.lib, path)).mode & 0o777
  }

  get dataIsUntouched(): boolean {
    const { data } = this.paths
    const names = readdirSync(data, { recursive: true, encoding: 'utf8' }).sort()
    return (
      names.join(' ') === 'slots slots/primary slots/primary/state.json' &&
      readFileSync(join(data, 'slots/primary/state.json'), 'utf8') === '{"state":"ready"}' &&
      !existsSync(this.paths.config)
    )
  }
}
