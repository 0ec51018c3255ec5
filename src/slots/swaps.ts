/** Swaps: a slot's TOML gets another model and the slot is restarted, both or neither. */
import type { SlotRecord } from '../contract/slot.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import type { WholeConfig } from '../providers/provider.ts'
import { slotNotFound } from './machine/slot-errors.ts'
import { isLoaded } from './machine/states.ts'
import type { Planner } from './run/planner.ts'
import type { Entry, SlotOwners } from './slot-owners.ts'
import type { SwapJournal } from './store/swap-journal.ts'

export interface SwapDeps {
  planner: Planner
  swaps: SwapJournal
}

/**
 * Refuses a load that is known to fail, so that the running backend is not stopped for it.
 * @param record what runs now
 * @throws Hal0Error why it would fail
 */
export const refuseHopeless = async (config: WholeConfig, record: SlotRecord, planner: Planner): Promise<void> => {
  const obstacle = planner.obstacle(config)
  if (obstacle !== null) throw obstacle
  // A model that has yet to be pulled has no files. A running one is not stopped to fetch a lost file: the hub may be gone, too.
  const runs = isLoaded(record.state) && record.model === config.model
  if (runs || planner.missing(config) === null) await planner.plan(config)
}

export class Swaps {
  readonly #owners: SlotOwners
  readonly #deps: SwapDeps

  constructor(owners: SlotOwners, deps: SwapDeps) {
    this.#owners = owners
    this.#deps = deps
  }

  /**
   * Resolves once the swap is accepted, on disk too.
   * @throws Hal0Error why it was refused; then the TOML still names the previous model
   */
  async begin(entry: Entry, model: string): Promise<void> {
    await entry.swaps.run(async () => {
      const { owner } = entry
      const { name, model: before } = owner.config
      if (this.#owners.get(name) !== entry) throw slotNotFound(name)
      if (before !== model) await this.#deps.swaps.write(name, { to: model })
      try {
        await this.#setModel(entry, model)
        await this.#restart(entry)
      } catch (error) {
        if (before !== model) await this.#putBack(entry, model, before)
        throw error
      } finally {
        await this.#forget(name)
      }
    })
  }

  /** Completes a swap that was interrupted by the last daemon's end. */
  async finish(entry: Entry): Promise<void> {
    const { record, config } = entry.owner
    const { name } = config
    const swap = await this.#deps.swaps.read(name)
    if (swap === null) return
    const isAccepted = record.intent === 'load' || (record.state !== 'offline' && record.model === swap.to)
    if (config.model === swap.to && !isAccepted) {
      try {
        await this.#restart(entry)
      } catch (error) {
        log.warn(
          `the swap of slot ${name} to ${swap.to} was interrupted and cannot be finished: ${Hal0Error.from(error).message}`,
        )
      }
    }
    await this.#forget(name)
  }

  async #restart({ owner }: Entry): Promise<void> {
    const refused = owner.post({ kind: 'restart' })
    if (refused !== null) throw refused
    await owner.accepted()
  }

  /** @throws Hal0Error `model.not_found` before anything changes */
  #setModel(entry: Entry, model: string): Promise<void> {
    return this.#owners.edit(entry, { common: { model }, section: {} }, (next) =>
      refuseHopeless(next, entry.owner.record, this.#deps.planner),
    )
  }

  async #putBack(entry: Entry, model: string, before: string | null): Promise<void> {
    try {
      await this.#owners.refresh(entry)
      if (entry.owner.config.model === model)
        await this.#owners.edit(entry, { common: { model: before }, section: {} }, () => {})
    } catch (error) {
      const { name } = entry.owner.config
      log.error(`the swap of slot ${name} was refused, and its configuration still names ${model}`, error)
    }
  }

  /** If the journal stays, the next daemon reads it and finds that the swap is done. */
  async #forget(name: string): Promise<void> {
    try {
      await this.#deps.swaps.remove(name)
    } catch (error) {
      log.warn(Hal0Error.from(error).message)
    }
  }
}
