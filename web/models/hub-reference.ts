/** What a person types to pull a model: a repository, or words to search for. Pure. */

export interface TypedRepository {
  owner: string
  name: string
  /** null: not said. */
  revision: string | null
  /** A quantisation, or the path of a file; null: not said. */
  wanted: { quantization: string } | { file: string } | null
}

/** The hub's addresses, with or without a scheme. */
const hubStart = /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\//i
const pages = ['resolve', 'blob', 'raw', 'tree']

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    // A broken escape is no name of the hub either: the hub says so.
    return text
  }
}

/**
 * `OWNER/REPO`, `OWNER/REPO:Q4_K_M`, or an address of the hub: of a repository, of a revision or of a file in it. Whether they
 * exist is the hub's to say.
 * @returns null for words to search for
 */
export const parseTyped = (text: string): TypedRepository | null => {
  const trimmed = text.trim()
  const [path = ''] = trimmed.replace(hubStart, '').split(/[?#]/)
  const [owner = '', named = '', page = '', revision = '', ...file] = path.replace(/\/+$/, '').split('/').map(decoded)
  if (owner === '' || named === '' || /\s/.test(path)) return null
  const [name = '', quantization = ''] = named.split(':')
  if (pages.includes(page) && revision !== '') {
    return { owner, name, revision, wanted: page === 'tree' || file.length === 0 ? null : { file: file.join('/') } }
  }
  return { owner, name, revision: null, wanted: quantization === '' ? null : { quantization } }
}
