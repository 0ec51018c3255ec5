/** Ends the processes of one slot: on request, and leftovers of an ended run. */
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import type { Family } from './family.ts'
import { type Patience, terminate } from './terminate.ts'

export class Ending {
  readonly #slot: string
  readonly #family: Family
  readonly #killLimitMs: number
  #stopping: { patience: Patience; done: Promise<void> } | null = null
  #sweeping: Promise<unknown> = Promise.resolve()

  constructor(slot: string, family: Family, killLimitMs: number) {
    this.#slot = slot
    this.#family = family
    this.#killLimitMs = killLimitMs
  }

  /**
   * Sends SIGTERM, and SIGKILL after `graceMs`, to every process of the slot; then runs `after`. Joins a stop under way, and
   * shortens its grace period if this one is shorter.
   * @throws Hal0Error `slot.stop_failed`
   */
  stop(graceMs: number, after: () => Promise<void>): Promise<void> {
    const killAt = performance.now() + graceMs
    if (this.#stopping !== null) {
      this.#stopping.patience.killAt = Math.min(this.#stopping.patience.killAt, killAt)
      return this.#stopping.done
    }
    const patience = { killAt, killLimitMs: this.#killLimitMs }
    const done = this.#stop(patience, after).finally(() => {
      this.#stopping = null
    })
    this.#stopping = { patience, done }
    return done
  }

  /**
   * Kills what is left of earlier runs, after a stop or a sweep under way: both end everything of the slot, and so would also end
   * what is started before they are done.
   * @throws Hal0Error `slot.stop_failed`
   */
  async clear(): Promise<void> {
    // Whoever requested the stop got its failure, which will also show here.
    await this.#stopping?.done.catch(() => null)
    this.#refuse(await this.sweep())
  }

  /** Kills every process of the slot at once, without SIGTERM. @returns the pids that survived */
  sweep(): Promise<number[]> {
    const patience = { killAt: performance.now(), killLimitMs: this.#killLimitMs }
    const swept = this.#sweeping.then(() => terminate(this.#family, patience))
    this.#sweeping = swept.catch((error) => log.error(`could not clean up what slot ${this.#slot} left behind`, error))
    return swept
  }

  async #stop(patience: Patience, after: () => Promise<void>): Promise<void> {
    this.#refuse(await terminate(this.#family, patience))
    await after()
  }

  #refuse(survivors: readonly number[]): void {
    if (survivors.length === 0) return
    throw new Hal0Error(
      'slot.stop_failed',
      `The processes of slot ${this.#slot} do not end, even when killed (pid ${survivors.join(', ')}). ` +
        'They are waiting in the kernel, most likely for a device. If that does not end, only a reboot helps.',
      { details: { pids: survivors } },
    )
  }
}
