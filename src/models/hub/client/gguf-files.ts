/** Groups the files of a repository into models, with shards together and labels; companion files are kept apart. Pure. */
import { totalSize } from '../../../lib/figures.ts'
import { parseShardName } from '../../naming/file-name.ts'
import { labelOf, stemOf } from '../../naming/quant-label.ts'
import type { HubFile } from './hub-json.ts'

export interface GgufModel {
  /** The publisher's name for this quantisation: Q4_K_M, UD-Q4_K_XL, I-Compact; null if the file name has none. */
  quantization: string | null
  /** First shard first. */
  files: HubFile[]
  /** Size of all files, bytes. */
  size: number
  /** Path of the first file: what people write to pull it. */
  path: string
  /** Numbers of shards that the repository lacks; such a model cannot be pulled. */
  missing: number[]
}

export interface GgufFiles {
  /** Sorted by path. */
  models: GgufModel[]
  /** Draft heads and importance matrices, which are useful only together with a model. They are pulled only if named. */
  companions: GgufModel[]
  /** Vision projectors (mmproj). */
  projectors: HubFile[]
}

export const isGguf = (path: string): boolean => /\.gguf$/i.test(path)
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

const byPath = (a: HubFile, b: HubFile): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

/** A key that is the same for all shards of one model, including missing ones. */
export const modelKey = (path: string): string => {
  const shard = parseShardName(baseName(path))
  return shard === null ? path : `${folderOf(path)}${shard.stem}/${shard.count}`
}

/** Every GGUF file of a repository, of whatever kind, with shards together. */
export const ggufGroups = (all: readonly HubFile[]): GgufModel[] => {
  const files = all.filter(({ path }) => isGguf(path)).sort(byPath)
  return [...Map.groupBy(files, ({ path }) => modelKey(path)).values()].flatMap((group): GgufModel[] => {
    const [first] = group
    if (first === undefined) return []
    const count = parseShardName(baseName(first.path))?.count ?? null
    const there = new Set(group.map(({ path }) => parseShardName(baseName(path))?.no))
    const numbers = count === null ? [] : Array.from({ length: count }, (_, index) => index + 1)
    return [
      {
        quantization: labelOf(first.path),
        files: group,
        size: totalSize(group),
        path: first.path,
        missing: numbers.filter((no) => !there.has(no)),
      },
    ]
  })
}

const isProjector = ({ path }: GgufModel): boolean => /(?<![a-z0-9])mmproj(?![a-z0-9])/i.test(baseName(path))

/** `imatrix.gguf`, `tiny.imatrix.gguf`, `tiny-bf16-imatrix.gguf`. With a quantised label it is a model made with the help of one. */
const isMatrix = ({ path, quantization }: GgufModel): boolean => {
  const stem = baseName(stemOf(path))
  if (/^imatrix$|\.imatrix$/i.test(stem)) return true
  return /[-_]imatrix$/i.test(stem) && (quantization === null || /^(?:BF16|FP?16|FP?32)$/.test(quantization))
}

/** Prefixes that converters give companion files: lower case, unlike most model names. */
const companionPrefix = /^(mtp|eagle3|dflash|dspark|imatrix)[-_.]/
const companionFolder = /(?:^|\/)(?:mtp|eagle3|dflash|dspark)\//i

/** @param name of the repository: a model itself may be called MTP */
const isCompanion = ({ path }: GgufModel, name: string): boolean => {
  const word = companionPrefix.exec(baseName(path))?.[1]
  if (word !== undefined) return !new RegExp(`^${word}[-_.]`, 'i').test(name)
  return companionFolder.test(path)
}

const plainLabel = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/
/** What follows `start` in a name, if it is a label; else null. */
const rest = (stem: string, start: string): string | null => {
  if (start === '' || !stem.toLowerCase().startsWith(start.toLowerCase())) return null
  const after = stem.slice(start.length)
  const label = after.replace(/^[-_.]+/, '')
  return label !== after && plainLabel.test(label) ? label : null
}

/** The common prefix, cut back to a separator. */
const commonStart = (stems: readonly string[]): string => {
  const [first = '', ...others] = stems
  let end = first.length
  for (const other of others) while (!other.startsWith(first.slice(0, end))) end--
  return first
    .slice(0, end)
    .replace(/[^-_.]*$/, '')
    .replace(/[-_.]+$/, '')
}

/** Finds labels in no known format, such as `I-Compact`: the part of the name beyond the repository's name, or beyond its siblings'. */
const withOwnLabels = (models: readonly GgufModel[], name: string): GgufModel[] => {
  const stem = ({ path }: GgufModel): string => baseName(stemOf(path))
  const unlabelled = models.filter(({ quantization }) => quantization === null)
  const common = unlabelled.length > 1 ? commonStart(unlabelled.map(stem)) : ''
  const start = name.replace(/[-_.](?:i1[-_.])?gguf$/i, '')
  return models.map((model) =>
    model.quantization === null
      ? { ...model, quantization: rest(stem(model), start) ?? rest(stem(model), common) }
      : model,
  )
}

/** @param repo owner/name */
export const ggufFiles = (repo: string, all: readonly HubFile[]): GgufFiles => {
  const name = baseName(repo)
  const kinds = Map.groupBy(ggufGroups(all), (one) => {
    if (isProjector(one)) return 'projector'
    if (isMatrix(one)) return 'matrix'
    return isCompanion(one, name) ? 'companion' : 'model'
  })
  const [models = [], companions = [], matrices = []] = [
    kinds.get('model'),
    kinds.get('companion'),
    kinds.get('matrix'),
  ]
  // Without a model that they could go with, the companions are what the repository offers.
  const alone = models.length === 0
  return {
    models: withOwnLabels(alone ? companions : models, name),
    companions: [...(alone ? [] : companions), ...matrices],
    projectors: (kinds.get('projector') ?? []).flatMap(({ files }) => files),
  }
}
