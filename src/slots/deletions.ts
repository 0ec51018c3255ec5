/** Deletes slots: the owner has to agree first, and a slot is forgotten once its files are gone. */
import type { Bus } from '../lib/async/bus.ts'
import { log } from '../lib/log.ts'
import type { Supervisor } from '../system/supervisor.ts'
import type { SlotSignal } from './service.ts'
import type { SlotOwners } from './slot-owners.ts'
import type { SlotConfigStore } from './store/config-store.ts'
import type { RecordStore } from './store/record-store.ts'

export interface DeletionDeps {
  owners: SlotOwners
  configs: Pick<SlotConfigStore, 'names' | 'remove'>
  records: RecordStore
  supervisor: Supervisor
  signals: Bus<SlotSignal>
}

export class Deletions {
  readonly #deps: DeletionDeps
  #problems: string[] = []

  constructor(deps: DeletionDeps) {
    this.#deps = deps
  }

  /** Sentences about leftovers of deleted slots. */
  problems(): readonly string[] {
    return this.#problems
  }

  /**
   * Has to be called while `changes` is held.
   * @throws Hal0Error `slot.not_found`, `slot.invalid_transition`, `storage.failed`: then the slot is unchanged
   */
  async delete(name: string): Promise<void> {
    const { owners, records, supervisor, signals } = this.#deps
    const { owner, edits, swaps } = owners.get(name)
    const refused = owner.post({ kind: 'delete' })
    if (refused !== null) throw refused
    await owner.writer.settled()
    // A swap or an edit under way would write the files again after their removal.
    await swaps.run(() =>
      edits.run(async () => {
        try {
          await this.#removeFiles(name)
        } catch (error) {
          owner.post({ kind: 'delete-failed' })
          throw error
        }
        owners.drop(name)
      }),
    )
    signals.publish({ kind: 'deleted', name })
    await supervisor.forget(name)
    // A pending record may have been written while the folder was being removed.
    await owner.writer.settled()
    await records.deleted.take(name)
    await this.sweep()
  }

  /** Removes what an interrupted deletion left of a slot that does not exist. */
  async clear(name: string): Promise<void> {
    await this.#deps.records.deleted.take(name)
    await this.sweep()
  }

  /** Finishes interrupted deletions, including those of earlier daemons. */
  async sweep(): Promise<void> {
    const { configs, records } = this.#deps
    const there = await configs.names().catch(() => null)
    // If it is unknown which slots exist, nothing is removed.
    if (there !== null) this.#problems = await records.deleted.sweep((name) => there.includes(name))
  }

  /** The folder first, since the configuration file decides whether the slot exists. */
  async #removeFiles(name: string): Promise<void> {
    const { configs, records } = this.#deps
    const putBack = await records.deleted.take(name)
    try {
      await configs.remove(name)
    } catch (error) {
      await putBack().catch((again: unknown) => log.error(`the folder of slot ${name} could not be put back`, again))
      throw error
    }
  }
}
