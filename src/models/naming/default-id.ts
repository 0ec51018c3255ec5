/** The ids that models get when nobody chooses one: the file's name in lower case (spec §5), within the alphabet of ModelId. Pure. */
import { createHash } from 'node:crypto'
import { parseShardName } from './file-name.ts'
import { isLabel, labelOf } from './quant-label.ts'

/** Less than a ModelId may have: `-mmproj` may follow. */
const longest = 120

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 6)

/** Latin letters that Unicode does not take apart. */
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

/** In ASCII as far as it can be told: `é` is `e`, a full-width `Ｑ` is `q`. */
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

/** What is cut off stands in the sum, so that two long names that differ at their ends stay two. */
const bounded = (id: string): string => (id.length <= longest ? id : joined(id.slice(0, longest - 7), digest(id)))

const stemOfName = (fileName: string): string => parseShardName(fileName)?.stem ?? fileName.replace(/\.gguf$/i, '')

/**
 * @param fileName without folders
 * @param repo where it comes from; null for a file of this machine. It stands in where the name has letters or digits of other scripts.
 */
export const defaultId = (fileName: string, repo: string | null = null): string => {
  const stem = stemOfName(fileName)
  const text = plain(stem)
  const whole = joined(text)
  // Letters and digits of other scripts are lost; of a name of signs and pictures nothing but its label may be left.
  const isLost = /[^\p{ASCII}\P{L}]|[^\p{ASCII}\P{N}]/u.test(text) || (/\P{ASCII}/u.test(text) && isLabel(whole))
  if (!isLost && whole !== '') return bounded(whole)
  const own = whole.replaceAll(/-{2,}/g, '-')
  if (repo === null) return bounded(joined('model', own, digest(stem)))
  const name = joined(plain(repo.slice(repo.indexOf('/') + 1)).replace(/[-_.]gguf$/, ''))
  if (name === '') return bounded(joined('model', own, digest(`${repo}/${stem}`)))
  return bounded(own.startsWith(name) ? own : joined(name, own))
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** `Q4_K_M/model.gguf` tells by its folder alone which size it is: its id does, too. */
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
 * The ids of a repository's models, each another one: those that would have the same are told apart by their folders, and where these
 * do not help by a sum of their paths.
 * @param paths of the first files
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
