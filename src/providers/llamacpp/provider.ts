import type { SlotConfig } from '../../contract/slot.ts'
import { backendEnv } from '../backend-env.ts'
import type { EngineService } from '../engines/engine-service.ts'
import { manifestOfProgram } from '../engines/manifest.ts'
import type { LaunchInput, LaunchPlan, Provider } from '../provider.ts'
import { buildArgv } from './argv.ts'
import { checkConfig } from './check.ts'
import { resolveMode } from './mode.ts'
import { saysOutOfMemory } from './out-of-memory.ts'
import { readiness, sentinelsFor } from './probe.ts'

/** An idle llama-server ends 30 ms after SIGTERM; one with a request in flight may take 30 s, which nobody waits for. */
const stopGraceMs = 2000

/** Runs models with llama.cpp's HTTP server. */
export class LlamaCpp implements Provider {
  readonly name = 'llama.cpp'
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
    const manifest = await manifestOfProgram(engine.path)
    return {
      spec: {
        name: config.name,
        argv: buildArgv(engine.path, input),
        env: backendEnv(this.#daemonEnv),
        cwd: '/',
      },
      opensPortLate: manifest?.opens_port_late ?? false,
      readiness,
      sentinels: config.sentinel ? sentinelsFor(mode) : [],
      stopGraceMs,
    }
  }

  check(config: SlotConfig): void {
    checkConfig(config)
  }

  ranOutOfMemory(lastLines: string[]): boolean {
    return saysOutOfMemory(lastLines)
  }
}
