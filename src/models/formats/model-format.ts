/** A format of models: which files one has, what they say, and whether a slot can run it. One row of the table for each. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { ModelPart } from '../gguf/check-runnable.ts'
import type { ByteSource } from '../gguf/cursor.ts'
import type { ModelFacts } from '../gguf/model-facts.ts'

export interface ModelFormat {
  name: string
  /** Whether a file of this name is of the format. */
  owns(fileName: string): boolean
  /** Names of all files of the model that has one of this name, in their order. @throws Hal0Error `model.invalid_file` */
  filesOf(fileName: string, path: string): string[]
  /** One of the files in words, e.g. "shard 2 of 3". */
  partName(index: number, count: number): string
  /** The error for a file that is no usable model. @param why continues the sentence, without a full stop */
  invalid(path: string, why: string, details: Record<string, unknown>, next: string): Hal0Error
  /**
   * What a registry entry says of the model.
   * @param files absolute paths, in their order
   * @param path of the first one, for the sentences
   * @throws Hal0Error `model.invalid_file` for what no slot can run, `storage.failed`
   */
  readFacts(files: readonly string[], path: string, id: string, isProjector: boolean): Promise<ModelFacts>
  /**
   * Checks the beginning of a file that is still being downloaded.
   * @returns whether more of it is needed
   * @throws Hal0Error `model.invalid_file`
   */
  checkHead(head: ByteSource, path: string, size: number, part: ModelPart): Promise<'more' | 'fine'>
}
