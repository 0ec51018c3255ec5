/** The model registry as its users see it. */
import type { ModelEntry, ModelImport, ModelVerification, VerificationProgress } from '../../contract/models/model.ts'
import type { Bus } from '../../lib/async/bus.ts'

/** What the slots and the dispatcher need to know of the registry: answers from memory. */
export interface ModelLookup {
  /** The entry; null when there is none. */
  get(id: string): ModelEntry | null
  /** Every entry, ordered by id. */
  list(): ModelEntry[]
  /** Absolute paths of an entry's files, first shard first. */
  filePaths(entry: ModelEntry): string[]
  /** Paths of the entry's files that are gone, or have another size: below the models folder. Looks at the disk. */
  lost(entry: ModelEntry): string[]
}

/** What happens to the verification of a model. */
export interface VerificationNews {
  id: string
  /** null: it has ended, or the model is gone. */
  progress: VerificationProgress | null
}

export interface ModelService extends ModelLookup {
  /** @throws Hal0Error `model.exists`, `model.invalid_file`, `request.invalid`, `storage.full`, `storage.failed` */
  import(request: ModelImport): Promise<ModelEntry>
  /** Every verification: its start, at most four times a second how far it is, a last time, its end. */
  readonly verifications: Bus<VerificationNews>
  /**
   * Hashes every file again, or joins who does so already. It ends early when every client of it has gone.
   * @param client aborts when nobody waits for this answer any more
   * @throws Hal0Error `model.not_found`, `model.verify_stopped`
   */
  verify(id: string, client?: AbortSignal): Promise<ModelVerification>
  /** How far the verification of a model is; null while none is under way. */
  verifying(id: string): VerificationProgress | null
  /**
   * Removes the entry, then its files (of a linked model only the link).
   * @param usedBy names of the slots that refer to it
   * @throws Hal0Error `model.not_found`, `model.in_use`
   */
  remove(id: string, usedBy: string[]): Promise<void>
}
