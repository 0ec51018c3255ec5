/** Replaced models. Their files stay until no slot runs them any more. */
import type { ModelEntry } from '../../contract/models/model.ts'
import type { Bus } from '../../lib/async/bus.ts'
import { log } from '../../lib/log.ts'
import type { FormerEntry } from './entry-store.ts'

/** What the slots report about the models that they run. */
export interface ModelUse {
  /** Names of the slots whose backend may run one of these models, from memory. */
  runners(ids: readonly string[]): string[]
  /** Gets the name of a slot whenever its backend has ended. */
  readonly freed: Bus<string>
}

interface Retired extends FormerEntry {
  /** Slots that run it; null while that is unknown. */
  holders: Set<string> | null
}

export class RetiredModels {
  readonly #remove: (former: FormerEntry) => Promise<void>
  #list: readonly Retired[] = []
  #use: ModelUse | null = null

  /**
   * @param kept paths below models/ that belong to current entries
   * @param remove removes the files of a model that no slot runs any more
   */
  constructor(
    found: readonly FormerEntry[],
    kept: ReadonlySet<string>,
    remove: (former: FormerEntry) => Promise<void>,
  ) {
    this.#remove = remove
    this.add(found, kept)
  }

  /** Call it once, when it is known what every slot runs. */
  watch(use: ModelUse): void {
    this.#use = use
    this.#list = this.#list.map((one) => ({ ...one, holders: one.holders ?? new Set(use.runners([one.entry.id])) }))
    use.freed.subscribe((slot) => {
      if (this.#list.length > 0) this.#free(slot)
    })
    void this.sweep()
  }

  /**
   * Has to be called in the same turn of the event loop in which the ids begin to name something else.
   * @param kept as above. If a model was only restored, all its files are kept: there is nothing to remove, and nothing to wait for.
   */
  add(former: readonly FormerEntry[], kept: ReadonlySet<string>): void {
    const use = this.#use
    const added = former.map((one) => {
      if (one.entry.files.every(({ path }) => kept.has(path))) return { ...one, holders: new Set<string>() }
      return { ...one, holders: use === null ? null : new Set(use.runners([one.entry.id])) }
    })
    this.#list = [...this.#list, ...added]
  }

  list(): readonly { entry: ModelEntry; held: boolean }[] {
    return this.#list.map(({ entry, holders }) => ({ entry, held: holders === null || holders.size > 0 }))
  }

  entries(): ModelEntry[] {
    return this.#list.map(({ entry }) => entry)
  }

  /** Removes the models that no slot runs. Never rejects: what cannot be removed stays in the list. */
  async sweep(): Promise<void> {
    for (const one of this.#list) {
      if (one.holders === null || one.holders.size > 0) continue
      try {
        await this.#remove(one)
        this.#list = this.#list.filter(({ path }) => path !== one.path)
      } catch (error) {
        log.warn(`could not remove the files of what ${one.entry.id} was before`, error)
      }
    }
  }

  #free(slot: string): void {
    for (const { holders } of this.#list) holders?.delete(slot)
    void this.sweep()
  }
}
