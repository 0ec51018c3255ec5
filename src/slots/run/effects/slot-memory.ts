/** What a slot remembers of its earlier backends: how long loads took, and when they crashed. A disk that fails costs only the memory. */
import { log } from '../../../lib/log.ts'
import type { CrashTimes } from '../../machine/machine.ts'
import type { CrashHistory } from '../../store/crash-history.ts'
import { expectedLoadMs, type LoadHistory, withLoad } from '../../store/load-history.ts'

export class SlotMemory {
  readonly #name: string
  readonly #loads: LoadHistory
  readonly #crashes: CrashHistory
  #known: Awaited<ReturnType<LoadHistory['read']>> = {}

  constructor(name: string, loads: LoadHistory, crashes: CrashHistory) {
    this.#name = name
    this.#loads = loads
    this.#crashes = crashes
  }

  /** Reads what an earlier daemon has left. @returns when its backends crashed */
  async recall(): Promise<CrashTimes> {
    this.#known = await this.#loads.read(this.#name)
    return this.#crashes.read(this.#name)
  }

  /** What a load of `model` is expected to take, milliseconds; null when there is nothing to go by. */
  expectedMs(model: string | null): number | null {
    return model === null ? null : expectedLoadMs(this.#known, model)
  }

  async learn(model: string | null, loadMs: number): Promise<void> {
    if (model === null) return
    this.#known = withLoad(this.#known, model, loadMs)
    try {
      await this.#loads.write(this.#name, this.#known)
    } catch (error) {
      log.warn(`slot ${this.#name}: the load time could not be remembered`, error)
    }
  }

  async rememberCrashes(at: CrashTimes): Promise<void> {
    try {
      await this.#crashes.write(this.#name, at)
    } catch (error) {
      log.warn(`slot ${this.#name}: the crash could not be remembered`, error)
    }
  }
}
