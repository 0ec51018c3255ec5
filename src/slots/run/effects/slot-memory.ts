/** What a slot remembers about earlier backends: how long loads took, and when they crashed. If the disk fails, only that is lost. */
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

  /** Reads what earlier daemons stored. @returns when backends crashed */
  async recall(): Promise<CrashTimes> {
    this.#known = await this.#loads.read(this.#name)
    return this.#crashes.read(this.#name)
  }

  /** The expected duration of a load of `model`, milliseconds; null if there is nothing to go by. */
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
