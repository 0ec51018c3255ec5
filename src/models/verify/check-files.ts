/** What a load needs on the disk, looked at before anything is started or stopped for it. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import type { ModelEntry } from '../../contract/models/model.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf } from '../../system/files/storage-error.ts'

/** @param what that it is, for the sentence @returns bytes; null: there is no such file, or nothing that is one @throws Hal0Error `slot.no_model` when it may not be read */
export const sizeOf = async (path: string, what: string): Promise<number | null> => {
  try {
    const stats = await stat(path)
    if (!stats.isFile()) return null
    await access(path, constants.R_OK)
    return stats.size
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') return null
    throw new Hal0Error('slot.no_model', `hal0 may not read ${path}, ${what}. Check its owner and mode.`, {
      details: { path },
      cause: error,
    })
  }
}

/**
 * Makes sure that every file of a model is there, as long as it was when it was registered.
 * @param paths of the entry's files, in their order
 * @throws Hal0Error `slot.no_model`, `model.corrupt`
 */
export const checkModelFiles = async ({ id, files }: ModelEntry, paths: readonly string[]): Promise<void> => {
  for (const [index, path] of paths.entries()) {
    const size = await sizeOf(path, `a file of the model ${id}`)
    const expected = files[index]?.size
    if (size === null) {
      throw new Hal0Error(
        'slot.no_model',
        `The file ${path} of the model ${id} is gone. Put it back (mount its disk, if it has one of its own), or give the slot another model.`,
        { param: 'model', details: { model: id, path } },
      )
    }
    if (expected !== undefined && size !== expected) {
      throw new Hal0Error(
        'model.corrupt',
        `The file ${path} of the model ${id} has ${size} bytes instead of ${expected}: it was cut off or replaced. See: hal0 model verify ${id}`,
        { param: 'model', details: { model: id, path, size, expected } },
      )
    }
  }
}
