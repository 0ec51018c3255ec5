/** Checks that a slot's projector is really one, and made for the slot's model. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { type GgufHeader, readGgufHeader } from '../../models/gguf/header.ts'
import { sizeOf } from '../../models/verify/check-files.ts'

const projectorRefused = (path: string, why: string): Hal0Error =>
  new Hal0Error('request.invalid', `${path} cannot be the slot's mmproj: ${why}.`, {
    param: 'mmproj',
    details: { path },
  })

/**
 * `projection_dim` is trusted only in files that state their type: older converters wrote CLIP's own figure there, not that of the
 * model that the projector belongs to.
 */
const madeFor = ({ type, projectionDim }: GgufHeader): number | null => (type === 'mmproj' ? projectionDim : null)

/**
 * Makes sure that `path` is a projector, and made for a model of this width.
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
