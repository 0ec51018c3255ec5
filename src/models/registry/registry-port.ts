/** The interfaces of the model registry. */
import type { ModelEntry, ModelImport, ModelVerification, VerificationProgress } from '../../contract/models/model.ts'
import type { Bus } from '../../lib/async/bus.ts'

/** What the slots and the dispatcher need from the registry; answered from memory. */
export interface ModelLookup {
  /** The entry; null when there is none. */
  get(id: string): ModelEntry | null
  /** Every entry, sorted by id. */
  list(): ModelEntry[]
  /** Absolute paths of an entry's files, first shard first. */
  filePaths(entry: ModelEntry): string[]
  /** Paths, relative to the models folder, of the entry's files that are gone or have a different size. Checks the disk. */
  lost(entry: ModelEntry): string[]
  /** Name of the format of its files, e.g. gguf. */
  format(entry: ModelEntry): string
}

/** An event of a model's verification. */
export interface VerificationNews {
  id: string
  /** null: the verification has ended, or the model is gone. */
  progress: VerificationProgress | null
}

export interface ModelService extends ModelLookup {
  /** @throws Hal0Error `model.exists`, `model.invalid_file`, `request.invalid`, `storage.full`, `storage.failed` */
  import(request: ModelImport): Promise<ModelEntry>
  /** Events of every verification: its start, its progress at most four times a second and a last time, and its end. */
  readonly verifications: Bus<VerificationNews>
  /**
   * Hashes every file again, or joins a verification under way. It ends early when all its clients have left.
   * @param client aborts when nobody waits for this answer any more
   * @throws Hal0Error `model.not_found`, `model.verify_stopped`
   */
  verify(id: string, client?: AbortSignal): Promise<ModelVerification>
  /** The progress of a model's verification; null if none is under way. */
  verifying(id: string): VerificationProgress | null
  /**
   * Removes the entry, then its files (for a linked model, only the link).
   * @param usedBy names of the slots that refer to the model
   * @throws Hal0Error `model.not_found`, `model.in_use`
   */
  remove(id: string, usedBy: string[]): Promise<void>
}
