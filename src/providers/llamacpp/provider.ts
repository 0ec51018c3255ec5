import { isAbsolute } from 'node:path'
import type { Capability } from '../../contract/endpoints.ts'
import type { ModelEntry } from '../../contract/models/model.ts'
import { log } from '../../lib/log.ts'
import { gguf } from '../../models/formats/gguf.ts'
import { checkModelFiles } from '../../models/verify/check-files.ts'
import { backendEnv } from '../backend-env.ts'
import type { EngineService } from '../engines/engine-service.ts'
import { manifestOfProgram } from '../engines/manifest.ts'
import type {
  Abilities,
  Cause,
  LaunchInput,
  LaunchPlan,
  Provider,
  Recognised,
  WatchPlan,
  WholeConfig,
} from '../provider.ts'
import { buildArgv } from './argv.ts'
import { llamaServer } from './backend.ts'
import { checkConfig } from './check.ts'
import { causeOf } from './last-lines/cause.ts'
import { saysOutOfMemory } from './last-lines/out-of-memory.ts'
import { abilitiesOf, modeOf, resolveMode } from './mode.ts'
import { readiness, sentinelsFor } from './probe.ts'
import { checkProjector } from './projector.ts'
import { recogniseArgv } from './recognise.ts'
import { llamaCppSection, sectionOf } from './section.ts'

/** An idle llama-server ends 30 ms after SIGTERM; one with a request in flight may take 30 s, which is too long to wait. */
const stopGraceMs = 2000

/** @param mode null: unknown, so no inference can be tried */
const watching = (config: WholeConfig, mode: Capability | null, opensPortLate: boolean): WatchPlan => ({
  opensPortLate,
  readiness,
  sentinels: config.sentinel && mode !== null ? sentinelsFor(mode) : [],
  stopGraceMs,
})

/** Path of the slot's projector; null: it has none. @throws Hal0Error `model.not_found` */
const projectorOf = ({ config, lookUp }: LaunchInput): string | null => {
  const { mmproj } = sectionOf(config)
  if (mmproj === null || isAbsolute(mmproj)) return mmproj
  return lookUp(mmproj).files[0] ?? null
}

/** Runs models with llama.cpp's HTTP server. */
export class LlamaCpp implements Provider {
  readonly name = llamaCppSection.provider
  readonly formats = [gguf.name]
  readonly modes = ['chat', 'embedding', 'rerank'] as const
  readonly backend = llamaServer
  readonly lessMemory = 'a smaller context_size or fewer gpu_layers'
  readonly #engines: Pick<EngineService, 'find'>
  readonly #daemonEnv: Record<string, string | undefined>

  constructor(engines: Pick<EngineService, 'find'>, daemonEnv: Record<string, string | undefined>) {
    this.#engines = engines
    this.#daemonEnv = daemonEnv
  }

  mode(config: WholeConfig, model: ModelEntry | null): Capability | null {
    return modeOf(config, model)
  }

  abilities(config: WholeConfig, model: ModelEntry | null): Abilities {
    return abilitiesOf(config, model)
  }

  check(config: WholeConfig): void {
    checkConfig(config)
  }

  otherModels(config: WholeConfig): string[] {
    const { mmproj } = sectionOf(config)
    return mmproj === null || isAbsolute(mmproj) ? [] : [mmproj]
  }

  async plan(input: LaunchInput): Promise<LaunchPlan> {
    const { config } = input
    const { entry: model, files } = input.model
    this.check(config)
    const mmproj = projectorOf(input)
    await checkModelFiles(model, files)
    if (mmproj !== null && files[0] !== undefined) await checkProjector(mmproj, files[0])
    const mode = resolveMode(config, model)
    const engine = await this.#engines.find(this.name, config.engine)
    return {
      spec: {
        name: config.name,
        argv: buildArgv(engine.path, { config, model, files, mmproj }),
        env: backendEnv(this.#daemonEnv),
        cwd: '/',
      },
      ...watching(config, mode, (await manifestOfProgram(engine.path))?.opens_port_late ?? false),
    }
  }

  async watchPlan(config: WholeConfig, model: ModelEntry | null): Promise<WatchPlan> {
    return watching(config, modeOf(config, model), await this.#opensPortLate(config))
  }

  recognise(argv: readonly string[]): Recognised | null {
    return recogniseArgv(argv)
  }

  /** If the engine is gone, nothing is known about it; its process then counts as warming after one second alive. */
  async #opensPortLate({ engine }: WholeConfig): Promise<boolean> {
    try {
      const { path } = await this.#engines.find(this.name, engine)
      return (await manifestOfProgram(path))?.opens_port_late ?? false
    } catch (error) {
      log.warn(`the engine of a running backend is gone`, error)
      return true
    }
  }

  causeOf(lastLines: readonly string[], signal: string | null, isLoading: boolean): Cause | null {
    return causeOf(lastLines, signal, isLoading)
  }

  ranOutOfMemory(lastLines: readonly string[], isLoading: boolean): boolean {
    return saysOutOfMemory(lastLines, isLoading)
  }
}
