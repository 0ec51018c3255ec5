/** Ends the processes of one slot: on request, and what an ended run left behind. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { type Leader, membersOf } from './members.ts'
import { type Patience, terminate } from './terminate.ts'

export class Ending {
  readonly #slot: string
  readonly #mark: () => string
  readonly #killLimitMs: number
  #stopping: { patience: Patience; done: Promise<void> } | null = null
  #sweeping: Promise<unknown> = Promise.resolve()

  /** @param mark asked anew each time, since it takes its final form with the slot's folder */
  constructor(slot: string, mark: () => string, killLimitMs: number) {
    this.#slot = slot
    this.#mark = mark
    this.#killLimitMs = killLimitMs
  }

  /**
   * SIGTERM, and SIGKILL after `graceMs`, to every process of the slot; then `after`. A stop under way is joined, and hastened
   * by a shorter grace.
   * @throws Hal0Error `slot.stop_failed`
   */
  stop(leader: Leader | null, graceMs: number, after: () => Promise<void>): Promise<void> {
    const killAt = performance.now() + graceMs
    if (this.#stopping !== null) {
      this.#stopping.patience.killAt = Math.min(this.#stopping.patience.killAt, killAt)
      return this.#stopping.done
    }
    const patience = { killAt, killLimitMs: this.#killLimitMs }
    const done = this.#stop(leader, patience, after).finally(() => {
      this.#stopping = null
    })
    this.#stopping = { patience, done }
    return done
  }

  /**
   * Kills what is left of earlier runs, once a stop or a sweep under way is done: both end everything that carries the
   * slot's mark, hence also what is started before they are.
   * @throws Hal0Error `slot.stop_failed`
   */
  async clear(): Promise<void> {
    // A stop's failure was told to whoever asked for it, and shows here again.
    await this.#stopping?.done.catch(() => null)
    this.#refuse(await this.sweep(null))
  }

  /** Kills every process of the slot at once, without asking. @returns the pids that survived */
  sweep(leader: Leader | null): Promise<number[]> {
    const patience = { killAt: performance.now(), killLimitMs: this.#killLimitMs }
    const swept = this.#sweeping.then(() => terminate(() => membersOf(this.#mark(), leader), patience))
    this.#sweeping = swept.catch((error) => log.error(`could not clear what slot ${this.#slot} left behind`, error))
    return swept
  }

  async #stop(leader: Leader | null, patience: Patience, after: () => Promise<void>): Promise<void> {
    this.#refuse(await terminate(() => membersOf(this.#mark(), leader), patience))
    await after()
  }

  #refuse(survivors: readonly number[]): void {
    if (survivors.length === 0) return
    throw new Hal0Error(
      'slot.stop_failed',
      `The processes of slot ${this.#slot} do not end, even when killed (pid ${survivors.join(', ')}). ` +
        'They wait for the kernel, most likely for a device; if that goes on, only a reboot helps.',
      { details: { pids: survivors } },
    )
  }
}
