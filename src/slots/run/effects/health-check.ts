/** Asks a silent backend whether it is alive. Only an answer is reported; that there was none is for the decider's timer to notice. */
import { log } from '../../../lib/log.ts'
import type { RunnerDeps } from './runner.ts'

type Deps = Pick<RunnerDeps, 'probe' | 'planner' | 'config' | 'machine' | 'report'>

export class HealthCheck {
  readonly #name: string
  readonly #deps: Deps
  #ending: AbortController | null = null

  constructor(name: string, deps: Deps) {
    this.#name = name
    this.#deps = deps
  }

  /** @param attempt the process that is asked @param ms how long it may take */
  async ask(attempt: number, ms: number): Promise<void> {
    this.close()
    const ending = new AbortController()
    this.#ending = ending
    const { planner, probe, config, machine, report } = this.#deps
    const { model, port } = machine().record
    try {
      const { readiness } = await planner.watchPlan({ ...config(), model, port })
      if (await probe.isAlive(port, readiness, AbortSignal.any([ending.signal, AbortSignal.timeout(ms)]))) {
        report({ kind: 'healthy', attempt })
      }
    } catch (error) {
      // Nobody can say how it is: it is not ended for that.
      log.warn(`slot ${this.#name}: its health could not be asked for`, error)
      report({ kind: 'healthy', attempt })
    }
  }

  close(): void {
    this.#ending?.abort()
    this.#ending = null
  }
}
