/** What people write or paste to name a model at the hub. Pure. */
import { repoPattern } from '../contract/hub-source.ts'
import { Hal0Error } from './hal0-error.ts'
import { isSafeRemotePath } from './remote-path.ts'

export interface HubReference {
  /** owner/name */
  repo: string
  /** null: not said. */
  revision: string | null
  /** `:QUANT` or the path of a file, as pickModel takes it; null: not said. */
  selector: string | null
}

const hubHosts = ['huggingface.co', 'www.huggingface.co', 'hf.co']
const examples = 'OWNER/NAME, OWNER/NAME:Q4_K_M, or the address of the repository or of a file in it'

const invalid = (text: string, why: string): Hal0Error =>
  new Hal0Error('request.invalid', `${JSON.stringify(text.slice(0, 300))} ${why}. Write ${examples}.`, {
    param: 'repo',
  })

/** Branches and tags are one part; the hub's own `refs/pr/1` and `refs/convert/parquet` are three. */
const splitRevision = ([first, ...rest]: string[]): { revision: string | null; path: string } => {
  if (first === 'refs' && rest.length >= 2) {
    return { revision: [first, ...rest.slice(0, 2)].join('/'), path: rest.slice(2).join('/') }
  }
  return { revision: first ?? null, path: rest.join('/') }
}

/** The parts of a page's path after the repository: `resolve/main/a.gguf`, `tree/main`. */
const ofPage = (text: string, [verb, ...rest]: string[]): Pick<HubReference, 'revision' | 'selector'> => {
  if (verb === undefined) return { revision: null, selector: null }
  if (!['resolve', 'blob', 'raw', 'tree'].includes(verb) || rest.length === 0) {
    throw invalid(text, 'is no page of a repository or of a file')
  }
  const { revision, path } = splitRevision(rest)
  if (verb === 'tree') return { revision, selector: null }
  if (!isSafeRemotePath(path)) throw invalid(text, 'names no file')
  return { revision, selector: path }
}

const decodedParts = (text: string, path: string): string[] => {
  try {
    // `refs%2Fpr%2F1` is how the hub's pages write a revision with slashes.
    return path
      .replace(/\/+$/, '')
      .split('/')
      .flatMap((part, index) => (index === 3 ? decodeURIComponent(part).split('/') : [decodeURIComponent(part)]))
  } catch {
    // URIError has nothing to add.
    throw invalid(text, 'has a broken %-escape')
  }
}

/**
 * `owner/repo`, `owner/repo:Q4_K_M`, `hf.co/owner/repo:Q8_0`, `https://huggingface.co/owner/repo/resolve/main/file.gguf` (or
 * blob, raw, tree).
 * @param hosts further names of the hub: those of the endpoints in use
 * @throws Hal0Error `request.invalid`
 */
export const parseHubReference = (input: string, hosts: readonly string[] = []): HubReference => {
  const text = input.trim()
  const [start = '', scheme, host = ''] = /^(https?:\/\/)?([^/]+)\//i.exec(text) ?? []
  const isHub = [...hubHosts, ...hosts].includes(host.toLowerCase())
  if (scheme !== undefined && !isHub) throw invalid(text, 'is no address of the hub')
  const [path = ''] = (isHub ? text.slice(start.length) : text).split(/[?#]/)
  const [owner, named, ...page] = decodedParts(text, path)
  if (owner === 'datasets' || owner === 'spaces') throw invalid(text, `is one of the hub's ${owner}, not a model`)
  if (owner === undefined || named === undefined) throw invalid(text, 'names no repository')
  const colon = page.length === 0 ? named.indexOf(':') : -1
  const name = colon < 0 ? named : named.slice(0, colon)
  const tag = colon < 0 ? null : named.slice(colon)
  const repo = `${owner}/${name}`
  if (!new RegExp(repoPattern).test(repo)) throw invalid(text, 'names no repository')
  if (tag !== null && !/^:[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(tag)) throw invalid(text, 'has a tag that is none')
  if (page.length > 0 && !isHub) throw invalid(text, 'has too many parts')
  const rest = ofPage(text, page)
  return { repo, revision: rest.revision, selector: tag ?? rest.selector }
}
