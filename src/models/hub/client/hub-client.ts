/** Asks the hub for the files of a repository at a commit, searches it, and opens ranges of files. */
import { repoPattern } from '../../../contract/models/hub-source.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { encodeRemotePath } from '../../../lib/hub/remote-path.ts'
import { isGguf } from './gguf-files.ts'
import { HubAccess, type HubDeps, type HubTarget } from './hub-access.ts'
import { unreachable } from './hub-error.ts'
import { nextPage } from './hub-headers.ts'
import { type HubFile, RepositoryInfo, SearchPage, TreePage, treeFiles } from './hub-json.ts'
import type { Endpoint } from './hub-settings.ts'
import { type OpenedFile, openRange, type PinnedFile } from './open-range.ts'
import { SignedUrls } from './signed-urls.ts'

/** A repository at one commit. */
export interface HubRepository {
  /** The current name: a renamed repository still answers under its old name. */
  repo: string
  /** 40 hexadecimal digits. */
  commit: string
  /** Whether the owner has to grant access to its files. */
  gated: boolean
  files: HubFile[]
  /** Paths that must not become files on this machine. */
  refused: string[]
}

export interface HubModel {
  repo: string
  downloads: number | null
  likes: number | null
  gated: boolean
  architecture: string | null
  /** Number of weights. */
  parameters: number | null
  /** Tokens. */
  contextLength: number | null
}

/** 100 pages are 100 000 files; no model repository has that many. */
const mostPages = 100
/**
 * Choosing among them runs on the thread that answers requests, where 100 000 took seconds. The largest repositories have a few
 * hundred.
 */
const mostModels = 2000

const isRepo = (text: string): boolean => new RegExp(repoPattern).test(text)

/** @throws Hal0Error `request.invalid` */
const checkRepo = (repo: string): void => {
  if (isRepo(repo)) return
  throw new Hal0Error('request.invalid', `${JSON.stringify(repo)} is not a repository of the hub. Write OWNER/NAME.`, {
    param: 'repo',
  })
}

const tooMany = (repo: string): Hal0Error => {
  const sentence = `${repo} has more than ${mostModels} GGUF files, which is more than hal0 reads of a repository. Fetch the file that you want by other means, and import it: hal0 model import PATH`
  return new Hal0Error('request.unsupported', sentence, { param: 'repo', details: { repo } })
}

const isGated = (gated: boolean | string | null | undefined): boolean =>
  gated !== undefined && gated !== null && gated !== false

export class HubClient {
  readonly #access: HubAccess
  readonly #signedUrls: SignedUrls
  /** The endpoint that answered last, so that each range of a pull does not try a dead mirror first. */
  #answering: Endpoint | null = null

  constructor(deps: HubDeps) {
    this.#access = new HubAccess(deps)
    this.#signedUrls = new SignedUrls(deps.now)
  }

  /**
   * @param revision branch, tag or commit; the answer has its commit, to pin later requests to
   * @throws Hal0Error `pull.*`, `request.invalid`; the reason of `signal` once it aborted
   */
  async repository(repo: string, revision: string, signal: AbortSignal): Promise<HubRepository> {
    checkRepo(repo)
    return await this.#access.tryEndpoints(null, async (target) => {
      const asked = { repo, revision }
      const info = new URL(`${target.endpoint.url}/api/models/${repo}/revision/${encodeURIComponent(revision)}`)
      const { value } = await this.#access.json(target, info, RepositoryInfo, asked, signal)
      const tree = await this.#tree(target, repo, value.sha, signal)
      this.#answering = target.endpoint
      return { repo: value.id, commit: value.sha, gated: isGated(value.gated), ...tree }
    })
  }

  async #tree(
    target: HubTarget,
    repo: string,
    commit: string,
    signal: AbortSignal,
  ): Promise<Pick<HubRepository, 'files' | 'refused'>> {
    const all: Pick<HubRepository, 'files' | 'refused'> = { files: [], refused: [] }
    let url = new URL(`${target.endpoint.url}/api/models/${repo}/tree/${commit}?recursive=true`)
    let models = 0
    for (let pages = 1; ; pages++) {
      const page = await this.#access.json(target, url, TreePage, { repo, revision: commit }, signal)
      const { files, refused } = treeFiles(page.value)
      all.files.push(...files)
      models += files.filter(({ path }) => isGguf(path)).length
      if (models > mostModels) throw tooMany(repo)
      all.refused.push(...refused)
      const link = nextPage(page.headers.get('link'))
      if (link === null) return all
      if (pages === mostPages) throw unreachable(target.origin, `lists more than ${mostPages} pages of files`)
      if (!URL.canParse(link, page.url.href))
        throw unreachable(target.origin, 'names a next page that is not an address')
      url = new URL(link, page.url.href)
      // The token would be sent to any address that a page names.
      if (url.origin !== target.origin) throw unreachable(target.origin, `names a next page at ${url.origin}`)
    }
  }

  /**
   * Searches repositories with GGUF files, the most downloaded first.
   * @param limit 1–100
   * @throws Hal0Error `pull.*`; the reason of `signal` once it aborted
   */
  async search(query: string, limit: number, signal: AbortSignal): Promise<HubModel[]> {
    return await this.#access.tryEndpoints(null, async (target) => {
      const url = new URL(`${target.endpoint.url}/api/models`)
      const parameters = { search: query, filter: 'gguf', sort: 'downloads', limit: String(limit) }
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
      for (const field of ['downloads', 'likes', 'gated', 'gguf']) url.searchParams.append('expand[]', field)
      const { value } = await this.#access.json(target, url, SearchPage, { repo: null, revision: null }, signal)
      const named = value.filter(({ id }) => isRepo(id))
      return named.slice(0, limit).map(({ id, downloads, likes, gated, gguf }) => ({
        repo: id,
        downloads: downloads ?? null,
        likes: likes ?? null,
        gated: isGated(gated),
        architecture: gguf?.architecture ?? null,
        parameters: gguf?.total ?? null,
        contextLength: gguf?.context_length ?? null,
      }))
    })
  }

  /**
   * Requests the bytes [from, to) of a file; `to` null: the rest; from 0 to null: the whole file, without a Range header.
   * @returns an answer with 200, 206 or 416, not checked against the request
   * @throws Hal0Error `pull.*`, with retryAfterS if the hub sends it; the reason of `signal` once it aborted
   */
  async open(file: PinnedFile, from: number, to: number | null, signal: AbortSignal): Promise<OpenedFile> {
    checkRepo(file.repo)
    return await this.#access.tryEndpoints(this.#answering, async (target) => {
      const url = new URL(
        `${target.endpoint.url}/${file.repo}/resolve/${encodeURIComponent(file.commit)}/${encodeRemotePath(file.path)}`,
      )
      const opened = await openRange({
        access: this.#access,
        signedUrls: this.#signedUrls,
        target,
        url,
        file,
        from,
        to,
        signal,
      })
      this.#answering = target.endpoint
      return opened
    })
  }
}
