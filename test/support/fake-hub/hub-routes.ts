/** Routes requests, and answers like the hub. */
import type { FakeRepository, StoredFile } from './fake-repository.ts'
import type { OriginReply, OriginRequest } from './http-origin.ts'
import { infoPage, searchPage, treePage } from './hub-pages.ts'
import type { Misbehaviour, ScriptedRequest } from './misbehaviour.ts'
import { rangedReply } from './ranged-reply.ts'
import { entryNotFound, gatedRepo, repoNotFound, revisionNotFound, routeNotFound } from './refusals.ts'

export interface HubState {
  repos: ReadonlyMap<string, FakeRepository>
  tokens: ReadonlySet<string>
  pageSize: number
  resolveCache: boolean
  url: string
  /** Address of a large file in the storage. */
  signed: (repo: FakeRepository, file: StoredFile) => string
}

export interface Route {
  kind: ScriptedRequest['kind']
  /** As a script sees it. */
  path: string
  answer: (misbehaviour: Misbehaviour | null) => OriginReply
}

/** The token of a request if it is valid; null for no token and for an invalid one, which the hub treats alike. */
const goodToken = (request: OriginRequest, tokens: ReadonlySet<string>): string | null => {
  const token = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
  return tokens.has(token) ? token : null
}

const mayRead = (repo: FakeRepository, token: string | null): boolean => token !== null && repo.readers.includes(token)

const infoPattern = /^\/api\/models\/([^/]+\/[^/]+)(?:\/revision\/([^/]+))?$/
const treePattern = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/([^/]+)$/
const resolvePattern = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/
const cachePattern = /^\/api\/resolve-cache\/models\/([^/]+\/[^/]+)\/([^/]+)\/(.+)$/
const patterns = { info: infoPattern, tree: treePattern, resolve: resolvePattern, cache: cachePattern }

interface Target {
  name: keyof typeof patterns
  id: string
  revision: string
  path: string
}

const targetOf = (pathname: string): Target | null => {
  for (const name of ['tree', 'info', 'cache', 'resolve'] as const) {
    const match = patterns[name].exec(pathname)
    if (match === null) continue
    const [id = '', revision = 'main', path = ''] = match.slice(1).map((part) => part && decodeURIComponent(part))
    return { name, id, revision, path }
  }
  return null
}

const redirect = (status: number, location: string, headers: Record<string, string> = {}): OriginReply => ({
  status,
  headers: { ...headers, location },
  body: Buffer.from(`Redirecting to ${location}`),
})

/** Answers with a file, or a redirect to it. */
const resolvePage = (
  repo: FakeRepository,
  file: StoredFile,
  { name, commit, range }: { name: Target['name']; commit: string; range: string | null },
  state: HubState,
  misbehaviour: Misbehaviour | null,
): OriginReply => {
  const ofCommit = { 'x-repo-commit': commit }
  if (file.large) {
    const etag = misbehaviour?.etag ?? file.sha256
    const linked = { 'x-linked-size': String(file.content.length), 'x-linked-etag': `"${etag}"` }
    return redirect(302, state.signed(repo, file), { ...ofCommit, ...linked, 'accept-ranges': 'bytes' })
  }
  if (state.resolveCache && name === 'resolve') {
    const path = file.path.split('/').map(encodeURIComponent).join('/')
    return redirect(307, `/api/resolve-cache/models/${repo.id}/${commit}/${path}`, ofCommit)
  }
  return rangedReply(file.content, range, { ...ofCommit, etag: `"${file.oid}"` }, misbehaviour)
}

const answerOf = (target: Target, url: URL, request: OriginRequest, state: HubState): Route['answer'] => {
  const { name, id, revision, path } = target
  const isApi = name === 'info' || name === 'tree'
  const token = goodToken(request, state.tokens)
  // Like the hub: a name in different case is another spelling, and is redirected like an old name.
  const isCalled = (name: string): boolean => name.toLowerCase() === id.toLowerCase()
  const repo = state.repos.get(id) ?? [...state.repos.values()].find((one) => [one.id, ...one.oldIds].some(isCalled))
  if (repo === undefined || (repo.private && !mayRead(repo, token))) return () => repoNotFound(token === null, isApi)
  if (repo.id !== id) return () => redirect(307, url.pathname.replace(id, repo.id) + url.search)
  const commit = repo.resolve(revision)
  if (commit === null) return () => revisionNotFound(revision, isApi)
  const hidden = repo.gated !== false && !mayRead(repo, token)
  if (name === 'info') return () => infoPage(repo, commit)
  if (name === 'tree') return () => treePage(repo.files(commit), url, hidden, state.pageSize)
  if (hidden) return () => gatedRepo(repo.id, token === null)
  const file = repo.files(commit).find((one) => one.path === path)
  if (file === undefined) return () => entryNotFound()
  const range = request.headers.get('range')
  return (misbehaviour) => resolvePage(repo, file, { name, commit, range }, state, misbehaviour)
}

export const routeOf = (request: OriginRequest, state: HubState): Route => {
  const url = new URL(request.target, state.url)
  const target = targetOf(url.pathname)
  const scripted = (answer: Route['answer']): Route['answer'] => {
    return (misbehaviour) => ({ ...(misbehaviour === null ? {} : { misbehaviour }), ...answer(misbehaviour) })
  }
  const api = (answer: Route['answer']): Route => ({ kind: 'api', path: url.pathname, answer: scripted(answer) })
  if (url.pathname === '/api/models') return api(() => searchPage(state.repos.values(), url.searchParams))
  if (target === null) return api(() => routeNotFound())
  const answer = answerOf(target, url, request, state)
  if (target.name === 'info' || target.name === 'tree') return api(answer)
  return { kind: 'resolve', path: target.path, answer: scripted(answer) }
}
