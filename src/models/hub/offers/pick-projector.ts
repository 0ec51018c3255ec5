/** Picks the vision projector for a model. Pure. */
import { labelOf, labelSpans, stemOf } from '../../naming/quant-label.ts'
import { baseName, folderOf, type GgufModel } from '../client/gguf-files.ts'
import type { HubFile } from '../client/hub-json.ts'

/** Projectors hardly gain from more than 16 bits, and lose quality with fewer. */
const order = ['F16', 'FP16', 'BF16', 'Q8_0', 'F32', 'FP32']

/** The name before the label, which all quantisations of a model have in common. */
const title = (path: string): string => {
  const stem = baseName(stemOf(path))
  const first = labelSpans(stem)[0]
  return (first === undefined ? stem : stem.slice(0, first.start)).replace(/[-_. ]+$/, '').toLowerCase()
}

/**
 * Prefers projectors in the model's own folder, then projectors with its name if the repository has several models, then F16; null if
 * there is none.
 */
export const pickProjector = (model: GgufModel, projectors: readonly HubFile[]): HubFile | null => {
  const near = projectors.filter(({ path }) => folderOf(path) === folderOf(model.path))
  const around = near.length > 0 ? near : projectors
  const name = title(model.path)
  const named = around.filter(({ path }) => name !== '' && baseName(path).toLowerCase().includes(name))
  const rank = ({ path }: HubFile): number => {
    const at = order.indexOf(labelOf(path) ?? '')
    return at < 0 ? order.length : at
  }
  return [...(named.length > 0 ? named : around)].sort((a, b) => rank(a) - rank(b))[0] ?? null
}
