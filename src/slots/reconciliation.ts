/** Takes over every slot in its current state when the daemon starts, even if the supervisor does not answer at first. */
import type { Clock } from '../lib/clock.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import type { SlotOwner } from './run/owner.ts'

/** The API waits no longer for a supervisor that hangs. Until it answers, slots are in the state that their records say. */
const patienceMs = 2000
const againMs = 5000

export class Reconciliation {
  readonly #clock: Clock
  readonly #unknown = new Map<SlotOwner, string>()
  readonly #timers = new Map<SlotOwner, () => void>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sentences about slots whose process is still unknown. */
  problems(): string[] {
    return [...this.#unknown.values()]
  }

  /** Resolves when all are known, or after two seconds. Never rejects. */
  async run(owners: readonly SlotOwner[]): Promise<void> {
    let cancel = (): void => {}
    const patience = new Promise<void>((resolve) => {
      cancel = this.#clock.setTimer(patienceMs, resolve)
    })
    await Promise.race([Promise.all(owners.map((owner) => this.#take(owner))), patience])
    cancel()
  }

  close(): void {
    this.#closed = true
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  async #take(owner: SlotOwner): Promise<void> {
    const { name } = owner.config
    try {
      const rebooted = await owner.reconcile()
      this.#unknown.delete(owner)
      if (!rebooted || !owner.config.autostart || this.#closed) return
      const refused = owner.post({ kind: 'load' })
      if (refused !== null) log.warn(`slot ${name} was not started: ${refused.message}`)
    } catch (error) {
      const { message } = Hal0Error.from(error)
      const sentence = `It is not known yet what slot ${name} runs: ${message}`
      if (this.#unknown.get(owner) !== sentence) log.error(sentence)
      this.#unknown.set(owner, sentence)
      if (!this.#closed)
        this.#timers.set(
          owner,
          this.#clock.setTimer(againMs, () => void this.#take(owner)),
        )
    }
  }
}
