/** What a load needs on the disk, looked at before anything is started or stopped for it. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import type { ModelEntry } from '../../contract/models/model.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { type GgufHeader, readGgufHeader } from '../../models/gguf/header.ts'
import { errnoOf } from '../../system/files/storage-error.ts'

/** @returns bytes; null: there is no such file, or nothing that is one @throws Hal0Error `slot.no_model` when it may not be read */
const sizeOf = async (path: string, what: string): Promise<number | null> => {
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

const projectorRefused = (path: string, why: string): Hal0Error =>
  new Hal0Error('request.invalid', `${path} cannot be the slot's mmproj: ${why}.`, {
    param: 'mmproj',
    details: { path },
  })

/**
 * What `projection_dim` says holds for files that say what they are: older converters wrote CLIP's own figure there, which is not
 * that of the model that the projector belongs to.
 */
const madeFor = ({ type, projectionDim }: GgufHeader): number | null => (type === 'mmproj' ? projectionDim : null)

/**
 * Makes sure that `path` is a projector, and one for a model of this width.
 * @param model absolute path of the model's first file
 * @throws Hal0Error `request.invalid` with the param mmproj, `model.invalid_file`, `slot.no_model`, `storage.failed`
 */
export const checkProjector = async (path: string, model: string): Promise<void> => {
  if ((await sizeOf(path, "the slot's mmproj")) === null) throw projectorRefused(path, 'it is not there')
  const projector = await readGgufHeader(path)
  if (projector.architecture !== 'clip') {
    throw projectorRefused(path, `it is a model (${projector.architecture ?? 'of no architecture'}), not a projector`)
  }
  const width = madeFor(projector)
  const { embeddingLength } = await readGgufHeader(model)
  if (width === null || embeddingLength === null || width === embeddingLength) return
  throw projectorRefused(
    path,
    `it belongs to another model (it is made for embeddings of length ${width}, this model's have ${embeddingLength})`,
  )
}
