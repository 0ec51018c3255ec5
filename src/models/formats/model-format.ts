/** A model format: which files a model has, what they say, and whether a slot can run it. Each format is a row of the table. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { ModelPart } from '../gguf/check-runnable.ts'
import type { ByteSource } from '../gguf/cursor.ts'
import type { ModelFacts } from '../gguf/model-facts.ts'

export interface ModelFormat {
  name: string
  /** Whether a file with this name has this format. */
  owns(fileName: string): boolean
  /** Names of all files of the model to which the named file belongs, in order. @throws Hal0Error `model.invalid_file` */
  filesOf(fileName: string, path: string): string[]
  /** Describes one of the files, e.g. "shard 2 of 3". */
  partName(index: number, count: number): string
  /** The error for a file that is not a usable model. @param why continues the sentence, without a full stop */
  invalid(path: string, why: string, details: Record<string, unknown>, next: string): Hal0Error
  /**
   * What a registry entry says about the model.
   * @param files absolute paths, in order
   * @param path of the first one, for messages
   * @throws Hal0Error `model.invalid_file` for a model that no slot can run, `storage.failed`
   */
  readFacts(files: readonly string[], path: string, id: string, isProjector: boolean): Promise<ModelFacts>
  /**
   * Checks the beginning of a file that is still being downloaded.
   * @returns whether more of it is needed
   * @throws Hal0Error `model.invalid_file`
   */
  checkHead(head: ByteSource, path: string, size: number, part: ModelPart): Promise<'more' | 'fine'>
}
