/** The default ids of models: the file name in lower case (spec §5), in the alphabet of ModelId. Pure. */
import { createHash } from 'node:crypto'
import { parseShardName } from './file-name.ts'
import { isLabel, labelOf } from './quant-label.ts'

/** Shorter than a ModelId may be, to leave room for `-mmproj`. */
const longest = 120

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 6)

/** Latin letters that Unicode does not decompose. */
const letters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
}

/** Transliterates to ASCII as far as possible: `é` becomes `e`, a full-width `Ｑ` becomes `q`. */
const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll(/[ßæœøłđðþı]/g, (letter) => letters[letter] ?? '')

const joined = (...parts: string[]): string =>
  parts
    .filter((part) => part !== '')
    .join('-')
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/\.{2,}/g, '.')
    .replace(/^[^a-z0-9]+/, '')
    .replace(/[^a-z0-9]+$/, '')

/** Cuts a long id and adds a hash of the whole, so that long names that differ only at the end get different ids. */
const bounded = (id: string): string => (id.length <= longest ? id : joined(id.slice(0, longest - 7), digest(id)))

const stemOfName = (fileName: string): string => parseShardName(fileName)?.stem ?? fileName.replace(/\.gguf$/i, '')

/**
 * @param fileName without folders
 * @param repo where it comes from; null for a local file. Its name is used if the file name has letters or digits of other scripts.
 */
export const defaultId = (fileName: string, repo: string | null = null): string => {
  const stem = stemOfName(fileName)
  const text = plain(stem)
  const whole = joined(text)
  // Letters and digits of other scripts are lost; and of a name made of symbols, only its label may be left.
  const isLost = /[^\p{ASCII}\P{L}]|[^\p{ASCII}\P{N}]/u.test(text) || (/\P{ASCII}/u.test(text) && isLabel(whole))
  if (!isLost && whole !== '') return bounded(whole)
  const own = whole.replaceAll(/-{2,}/g, '-')
  if (repo === null) return bounded(joined('model', own, digest(stem)))
  const name = joined(plain(repo.slice(repo.indexOf('/') + 1)).replace(/[-_.]gguf$/, ''))
  if (name === '') return bounded(joined('model', own, digest(`${repo}/${stem}`)))
  return bounded(own.startsWith(name) ? own : joined(name, own))
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** The id for a path. If only the folder has the label, as in `Q4_K_M/model.gguf`, the id gets it too. */
const ofPath = (path: string, repo: string): string => {
  const name = nameOf(path)
  const label = labelOf(path)
  return label === null || labelOf(name) !== null
    ? defaultId(name, repo)
    : defaultId(`${stemOfName(name)}-${label}`, repo)
}

const taken = (ids: readonly string[]): Set<string> => {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const id of ids) (seen.has(id) ? twice : seen).add(id)
  return twice
}

/**
 * Unique ids for a repository's models. Equal ids are distinguished by their folders and, if that is not enough, by a hash of their
 * paths.
 * @param paths of the models' first files
 * @param repo owner/name
 */
export const modelIds = (paths: readonly string[], repo: string): string[] => {
  const byName = paths.map((path) => ofPath(path, repo))
  const twice = taken(byName)
  const byFolder = paths.map((path, index) => {
    const id = byName[index] ?? ''
    return twice.has(id) ? bounded(joined(plain(path.slice(0, -nameOf(path).length - 1)).replaceAll('/', '-'), id)) : id
  })
  const still = taken(byFolder)
  return paths.map((path, index) => {
    const id = byFolder[index] ?? ''
    return still.has(id) ? bounded(joined(id.slice(0, longest - 7), digest(path))) : id
  })
}
