import type { ModelEntry } from '../../contract/models/model.ts'
import type { SlotConfig } from '../../contract/slot.ts'
import { log } from '../../lib/log.ts'
import { backendEnv } from '../backend-env.ts'
import type { EngineService } from '../engines/engine-service.ts'
import { manifestOfProgram } from '../engines/manifest.ts'
import type { Cause, LaunchInput, LaunchPlan, Provider, Recognised, WatchPlan } from '../provider.ts'
import { buildArgv } from './argv.ts'
import { llamaServer } from './backend.ts'
import { causeOf } from './cause.ts'
import { checkConfig } from './check.ts'
import { type Mode, resolveMode } from './mode.ts'
import { saysOutOfMemory } from './out-of-memory.ts'
import { readiness, sentinelsFor } from './probe.ts'
import { recogniseArgv } from './recognise.ts'

/** An idle llama-server ends 30 ms after SIGTERM; one with a request in flight may take 30 s, which nobody waits for. */
const stopGraceMs = 2000

/** @param mode null: what it serves is not known, so that no inference can be tried */
const watching = (config: SlotConfig, mode: Mode | null, opensPortLate: boolean): WatchPlan => ({
  opensPortLate,
  readiness,
  sentinels: config.sentinel && mode !== null ? sentinelsFor(mode) : [],
  stopGraceMs,
})

/** Runs models with llama.cpp's HTTP server. */
export class LlamaCpp implements Provider {
  readonly name = 'llama.cpp'
  readonly backend = llamaServer
  readonly #engines: EngineService
  readonly #daemonEnv: Record<string, string | undefined>

  constructor(engines: EngineService, daemonEnv: Record<string, string | undefined>) {
    this.#engines = engines
    this.#daemonEnv = daemonEnv
  }

  async plan(input: LaunchInput): Promise<LaunchPlan> {
    const { config, model } = input
    this.check(config)
    const mode = resolveMode(config, model)
    const engine = await this.#engines.find(this.name, config.engine)
    return {
      spec: {
        name: config.name,
        argv: buildArgv(engine.path, input),
        env: backendEnv(this.#daemonEnv),
        cwd: '/',
      },
      ...watching(config, mode, (await manifestOfProgram(engine.path))?.opens_port_late ?? false),
    }
  }

  async watchPlan(config: SlotConfig, model: ModelEntry | null): Promise<WatchPlan> {
    const mode = config.mode ?? (model === null || model.kind === 'mmproj' ? null : model.kind)
    return watching(config, mode, await this.#opensPortLate(config))
  }

  recognise(argv: readonly string[]): Recognised | null {
    return recogniseArgv(argv)
  }

  /** Of an engine that is gone nothing is known: after one second alive its process counts as warming then. */
  async #opensPortLate({ engine }: SlotConfig): Promise<boolean> {
    try {
      const { path } = await this.#engines.find(this.name, engine)
      return (await manifestOfProgram(path))?.opens_port_late ?? false
    } catch (error) {
      log.warn(`the engine of a running backend is gone`, error)
      return true
    }
  }

  check(config: SlotConfig): void {
    checkConfig(config)
  }

  causeOf(lastLines: readonly string[], signal: string | null, isLoading: boolean): Cause | null {
    return causeOf(lastLines, signal, isLoading)
  }

  ranOutOfMemory(lastLines: readonly string[], isLoading: boolean): boolean {
    return saysOutOfMemory(lastLines, isLoading)
  }
}
