/**
 * Parses what people write or paste to name a model at the hub: the only such parser, for the command line, the API and the
 * dashboard. Pure, and never throws.
 */
import {
  filePattern,
  folderPattern,
  labelPattern,
  longestFile,
  longestFolder,
  repoPattern,
  revisionPattern,
} from '../../contract/models/hub-source.ts'
import { Hal0Error } from '../hal0-error.ts'
import { otherPageOf, ownPageOf } from './hub-pages.ts'
import { siteOf } from './hub-site.ts'

export interface HubReference {
  /** owner/name */
  repo: string
  /** null: not given. */
  revision: string | null
  /** Path of a GGUF file, or `:LABEL`; null: not given. */
  file: string | null
  /** The folder that the address shows; null: not given. */
  folder: string | null
}

export type HubReading =
  | { kind: 'reference'; reference: HubReference }
  /** Not a reference: words to search for. */
  | { kind: 'words' }
  /** `problem` is the end of a sentence that begins with the text. */
  | { kind: 'refused'; problem: string }

/** Ends the parsing; caught in this file. */
class Refusal extends Error {}

const refuse = (problem: string): never => {
  throw new Refusal(problem)
}

type Place = Omit<HubReference, 'repo'>

const isGguf = (path: string): boolean => /\.gguf$/i.test(path)

const fileAt = (path: string, revision: string | null): Place => {
  if (path !== '' && !isGguf(path)) refuse('is of a file that is not GGUF')
  if (path.length > longestFile || path.startsWith(':') || !new RegExp(filePattern).test(path)) refuse('names no file')
  return { revision, file: path, folder: null }
}

const folderAt = (path: string, revision: string | null): Place => {
  if (path !== '' && (path.length > longestFolder || !new RegExp(folderPattern).test(path))) refuse('names no folder')
  return { revision, file: null, folder: path === '' ? null : path }
}

/** A branch or tag is one part of the path; the hub's own `refs/pr/1` and `refs/convert/parquet` are three parts if not escaped. */
const splitRevision = ([first = '', ...rest]: readonly string[]): { revision: string; path: string } => {
  const length = first === 'refs' && rest.length >= 2 ? 2 : 0
  const revision = [first, ...rest.slice(0, length)].join('/')
  if (revision.length > 256 || !new RegExp(revisionPattern).test(revision)) refuse('names no revision')
  return { revision, path: rest.slice(length).join('/') }
}

const pages = ['tree', 'resolve', 'blob', 'raw', 'blame']

/** @param parts of a page's path after the repository, e.g. resolve, main, a.gguf */
const ofPage = ([verb = '', ...rest]: readonly string[]): Place => {
  const { revision, path } = splitRevision(rest)
  return verb !== 'tree' || isGguf(path) ? fileAt(path, revision) : folderAt(path, revision)
}

/** `:Q4_K_M`; some people write a file name after the colon. */
const ofTag = (tag: string): Place => {
  if (tag === ':') refuse('has nothing after the colon')
  if (isGguf(tag)) return fileAt(tag.slice(1), null)
  if (!new RegExp(labelPattern).test(tag)) refuse('has a label that is not one')
  return { revision: null, file: tag, folder: null }
}

/** Parses what follows the repository. */
const ofRest = (parts: readonly string[], isScheme: boolean): Place => {
  const [first = ''] = parts
  const path = parts.join('/')
  if (path === '') return folderAt('', null)
  if (pages.includes(first) && parts.length > 1) return ofPage(parts)
  if (isGguf(path)) return fileAt(path, null)
  return isScheme ? folderAt(path, null) : refuse(otherPageOf(first) ?? 'is not the page of a repository or a file')
}

const repoOf = (owner: string, name: string): string => {
  const repo = `${owner}/${name.replace(/\.git$/, '')}`
  return new RegExp(repoPattern).test(repo) ? repo : refuse('names no repository')
}

/**
 * @param parts unescaped
 * @param isScheme whether it is `hf://`, which has its own syntax: `O/R@REVISION/PATH`, and folders without a page name
 */
const ofParts = ([owner = '', named = '', ...rest]: readonly string[], isScheme: boolean): HubReference => {
  const own = ownPageOf(owner)
  if (own !== null) refuse(own)
  if (named === '') refuse(owner === '' ? 'names no repository' : 'names an owner, not a repository')
  const [, name = '', revision, tag] = /^([^:@]*)(?:@([^:]*))?(:.*)?$/s.exec(named) ?? []
  const repo = repoOf(owner, name)
  if (revision !== undefined) {
    if (!isScheme || tag !== undefined) refuse('has a revision where none is allowed')
    return { repo, ...ofPage(['tree', revision, ...rest]) }
  }
  if (tag === undefined) return { repo, ...ofRest(rest, isScheme) }
  if (rest.length > 0) refuse('has a label, and more after it')
  return { repo, ...ofTag(tag) }
}

const partsOf = (path: string): string[] => {
  try {
    return path
      .replace(/^\/+|\/+$/g, '')
      .split('/')
      .map(decodeURIComponent)
  } catch {
    // The URIError adds nothing.
    return refuse('has a broken %-escape')
  }
}

/** Adds the file that a page shows beside its list, which the hub puts into `?show_file_info=F`. */
const withShown = (reference: HubReference, query: string): HubReference => {
  const shown = new URLSearchParams(query).get('show_file_info')
  return shown === null || shown === '' || reference.file !== null
    ? reference
    : { repo: reference.repo, ...fileAt(shown, reference.revision) }
}

const read = (text: string, endpoints: readonly string[]): HubReference | null => {
  if (text.length > 4096 || /\p{Cc}/u.test(text)) refuse('is not the name of a model')
  const [, ofHub, asked = ''] = /^(?:hf|huggingface):\/\/([^?#]*)\??([^#]*)/i.exec(text) ?? []
  if (ofHub !== undefined) return withShown(ofParts(partsOf(ofHub.replace(/^\/*models\//, '')), true), asked)
  const site = siteOf(text.replace(/^git@(?=(?:hf|huggingface)\.co:)([^:]*):/i, '$1/'), endpoints)
  if (site.kind === 'foreign') refuse(site.problem)
  if (site.kind === 'hub') return withShown(ofParts(partsOf(site.path), false), site.query)
  const [path = '', query = ''] = text.split(/[?#]/)
  if (/\s/.test(path) || !/^[^/]+\/+[^/]/.test(path)) return null
  return withShown(ofParts(partsOf(path), false), query)
}

/**
 * Reads `O/R`, `O/R:Q4_K_M`, `O/R/F.gguf`, `hf://…`, and addresses of pages for repositories, folders, revisions and files, at the
 * hub or at an endpoint in use, with or without a scheme. It does not check that they exist.
 * @param endpoints addresses of the hubs and mirrors in use
 */
export const readHubReference = (input: string, endpoints: readonly string[] = []): HubReading => {
  try {
    const reference = read(input.trim().replace(/^["'<]+|[>"']+$/g, ''), endpoints)
    return reference === null ? { kind: 'words' } : { kind: 'reference', reference }
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', problem: error.message }
    throw error
  }
}

/** The error for a text that does not name a model. It says what to write, and does not repeat credentials. */
export const unreadable = (text: string, problem: string): Hal0Error => {
  const shown = text
    .trim()
    .replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i, '$1//…@')
    .replace(/[?#].*$/s, '')
    .slice(0, 300)
  const examples = 'OWNER/NAME, OWNER/NAME:Q4_K_M, or the address of the repository or of a file in it'
  return new Hal0Error('request.invalid', `${JSON.stringify(shown)} ${problem}. Write ${examples}.`, { param: 'text' })
}
