/** Files in the registry that are not models: those of replaced models that a slot still runs, and those that no entry has. */
import type { ModelEntry } from '../../contract/models/model.ts'
import type { PullLeftover } from '../../contract/models/pull.ts'
import type { Mutex } from '../../lib/async/mutex.ts'
import { totalSize } from '../../lib/figures.ts'
import { pathsOf } from './entry-store.ts'
import { clearOrphans, listOrphans } from './orphans.ts'
import type { RetiredModels } from './retired-models.ts'

interface LeftoverDeps {
  /** The models folder. */
  folder: string
  /** The registry's lock: while it is held, no file is being moved into place. */
  changes: Mutex
  entries: ReadonlyMap<string, ModelEntry>
  retired: RetiredModels
  /** Whether every entry could be read; otherwise the files of unreadable entries would look like orphans. */
  complete: boolean
}

export class RegistryLeftovers {
  readonly #deps: LeftoverDeps

  constructor(deps: LeftoverDeps) {
    this.#deps = deps
  }

  /** @throws Hal0Error `storage.failed` */
  list(): Promise<PullLeftover[]> {
    const { changes, entries, retired } = this.#deps
    return changes.run(async () => {
      const kept = pathsOf(entries.values())
      const former = retired.list().map(({ entry: { id, files }, held }): PullLeftover => {
        const own = files.filter(({ path }) => !kept.has(path))
        return { id, kind: 'replaced', bytes: totalSize(own), active: held }
      })
      return [...former, ...(await this.#orphans())]
    })
  }

  /** @returns what was removed. @throws Hal0Error `storage.failed` */
  async clear(): Promise<PullLeftover[]> {
    const { folder, changes, retired } = this.#deps
    const before = await this.list()
    await retired.sweep()
    await changes.run(async () => clearOrphans(folder, await this.#orphans()))
    const after = await this.list()
    return before.filter((one) => !after.some(({ id, kind }) => id === one.id && kind === one.kind))
  }

  async #orphans(): Promise<PullLeftover[]> {
    const { folder, entries, retired, complete } = this.#deps
    return complete ? listOrphans(folder, pathsOf([...entries.values(), ...retired.entries()])) : []
  }
}
