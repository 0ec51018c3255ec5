/** The model registry as its users see it. */
import type { ModelEntry, ModelImport, ModelVerification } from '../contract/model.ts'

/** What the slots and the dispatcher need to know of the registry: answers from memory. */
export interface ModelLookup {
  /** The entry; null when there is none. */
  get(id: string): ModelEntry | null
  /** Every entry, ordered by id. */
  list(): ModelEntry[]
  /** Absolute paths of an entry's files, first shard first. */
  filePaths(entry: ModelEntry): string[]
}

export interface ModelService extends ModelLookup {
  /** @throws Hal0Error `model.exists`, `model.invalid_file`, `request.invalid`, `storage.full`, `storage.failed` */
  import(request: ModelImport): Promise<ModelEntry>
  /** Hashes every file again. @throws Hal0Error `model.not_found` */
  verify(id: string): Promise<ModelVerification>
  /**
   * Removes the entry, then its files (of a linked model only the link).
   * @param usedBy names of the slots that refer to it
   * @throws Hal0Error `model.not_found`, `model.in_use`
   */
  remove(id: string, usedBy: string[]): Promise<void>
}
