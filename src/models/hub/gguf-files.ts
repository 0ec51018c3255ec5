/** The models among the files of a repository: shards together, by quantisation, projectors set apart. Pure. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { parseShardName } from '../file-name.ts'
import type { HubFile } from './hub-json.ts'

export interface GgufModel {
  /** e.g. Q4_K_M, UD-Q4_K_XL; null when the name tells none. */
  quantization: string | null
  /** First shard first. */
  files: HubFile[]
  /** Of all files; bytes. */
  size: number
  /** Of the first file: what one writes to pull it. */
  path: string
  /** Numbers of shards that the repository lacks; such a model cannot be pulled. */
  missing: number[]
}

export interface GgufFiles {
  /** By path. */
  models: GgufModel[]
  /** Vision projectors (mmproj). */
  projectors: HubFile[]
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)
const isGguf = (path: string): boolean => /\.gguf$/i.test(path)
const isProjector = (path: string): boolean => /mmproj/i.test(baseName(path))
/** Importance matrices, and draft heads that are no model by themselves. */
const isNoModel = (path: string): boolean => /imatrix|^mtp-|^eagle3-/i.test(baseName(path))

/** How llama.cpp calls its file types, and what publishers append: Q4_K + _M, Q3_K + _XL. */
const quantizationPattern =
  /(?:UD-)?(?:BF16|F16|F32|TQ[12]_0|IQ[1-4]_(?:XXS|XS|NL|S|M)|Q[1-8]_[01](?:_[48]_[48])?|Q[2-8]_K|MXFP4|NVFP4)(?:_[A-Z]+)?/g

/** The last one that the path names: folders are often called after it as well. */
export const quantizationOf = (path: string): string | null =>
  path
    .replace(/\.gguf$/i, '')
    .toUpperCase()
    .match(quantizationPattern)
    ?.at(-1) ?? null

const byPath = (a: HubFile, b: HubFile): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

export const ggufFiles = (all: readonly HubFile[]): GgufFiles => {
  const files = all.filter(({ path }) => isGguf(path)).sort(byPath)
  const groups = Map.groupBy(
    files.filter(({ path }) => !isProjector(path) && !isNoModel(path)),
    ({ path }) => {
      const shard = parseShardName(baseName(path))
      return shard === null ? path : `${folderOf(path)}${shard.stem}/${shard.count}`
    },
  )
  const models = [...groups.values()].flatMap((group): GgufModel[] => {
    const [first] = group
    if (first === undefined) return []
    const count = parseShardName(baseName(first.path))?.count ?? null
    const there = new Set(group.map(({ path }) => parseShardName(baseName(path))?.no))
    const numbers = count === null ? [] : Array.from({ length: count }, (_, index) => index + 1)
    return [
      {
        quantization: quantizationOf(first.path),
        files: group,
        size: group.reduce((sum, { size }) => sum + size, 0),
        path: first.path,
        missing: numbers.filter((no) => !there.has(no)),
      },
    ]
  })
  return { models, projectors: files.filter(({ path }) => isProjector(path)) }
}

/** What llama.cpp takes when nothing is said. */
const defaultTags = ['Q4_K_M', 'Q8_0']

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

const byTag = (models: readonly GgufModel[], tag: string): GgufModel | null => {
  const upper = tag.toUpperCase()
  const named = new RegExp(`(?:^|[^a-z0-9])${escaped(tag)}[.-]`, 'i')
  return (
    models.find(({ quantization }) => quantization === upper) ?? models.find(({ path }) => named.test(path)) ?? null
  )
}

const described = (models: readonly GgufModel[]): string => {
  const names = models.slice(0, 30).map(({ path, quantization }) => `:${quantization ?? path}`)
  return names.length === 0 ? 'It has no GGUF models.' : `It has ${[...new Set(names)].join(', ')}.`
}

/**
 * The model that is meant.
 * @param repo for the sentence
 * @param selector `:QUANT`, the path of a file (of a sharded model any shard), or null for llama.cpp's default: Q4_K_M, else
 * Q8_0, else the first. `:latest`, as Ollama's users write, is the default, too.
 * @throws Hal0Error `pull.not_found` with what there is
 */
export const pickModel = (repo: string, all: readonly HubFile[], selector: string | null): GgufModel => {
  const { models } = ggufFiles(all)
  const missing = (sentence: string): Hal0Error =>
    new Hal0Error('pull.not_found', sentence, {
      param: 'file',
      details: { repo, models: models.map(({ path, quantization, size }) => ({ path, quantization, size })) },
    })
  const choose = (): GgufModel | null => {
    if (selector === null || selector.toLowerCase() === ':latest') {
      const whole = models.filter((model) => model.missing.length === 0)
      return defaultTags.reduce<GgufModel | null>((found, tag) => found ?? byTag(whole, tag), null) ?? whole[0] ?? null
    }
    if (selector.startsWith(':')) return byTag(models, selector.slice(1))
    return models.find(({ files }) => files.some(({ path }) => path === selector)) ?? null
  }
  const chosen = choose()
  if (chosen === null) {
    const what = selector === null ? 'no GGUF model that is whole' : `no GGUF model ${selector}`
    throw missing(`${repo} has ${what}. ${described(models)}`)
  }
  if (chosen.missing.length > 0) {
    const shards = chosen.missing.slice(0, 10).join(', ')
    throw missing(`${chosen.path} in ${repo} is not whole: the repository lacks shard ${shards}. Choose another one.`)
  }
  return chosen
}

/** Projectors hardly gain from more than 16 bits, and lose with less. */
const projectorOrder = ['F16', 'BF16', 'Q8_0', 'F32']

/** The projector that goes with a model: of its own folder where there is one, F16 before others; null without any. */
export const pickProjector = (model: GgufModel, projectors: readonly HubFile[]): HubFile | null => {
  const near = projectors.filter(({ path }) => folderOf(path) === folderOf(model.path))
  const rank = ({ path }: HubFile): number => {
    const at = projectorOrder.indexOf(quantizationOf(path) ?? '')
    return at < 0 ? projectorOrder.length : at
  }
  return [...(near.length > 0 ? near : projectors)].sort((a, b) => rank(a) - rank(b))[0] ?? null
}
