/** The JSON of the hub's API. */
import type { FakeRepository, StoredFile } from './fake-repository.ts'
import type { OriginReply } from './http-origin.ts'

export const jsonReply = (value: unknown, headers: Record<string, string> = {}): OriginReply => ({
  status: 200,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: Buffer.from(JSON.stringify(value)),
})

/** `GET /api/models/{repo}[/revision/{rev}]` */
export const infoPage = (repo: FakeRepository, commit: string): OriginReply =>
  jsonReply({
    _id: commit.slice(0, 24),
    id: repo.id,
    modelId: repo.id,
    sha: commit,
    private: repo.private,
    gated: repo.gated,
    disabled: false,
    downloads: repo.downloads,
    likes: 0,
    tags: ['gguf'],
    createdAt: '2024-01-01T00:00:00.000Z',
    lastModified: '2024-01-02T00:00:00.000Z',
    siblings: repo.files(commit).map(({ path }) => ({ rfilename: path })),
  })

/** What the hub shows instead of a checksum to clients without access. */
const hiddenSum = '*'.repeat(64)

const treeEntry = (file: StoredFile, hidden: boolean) => ({
  type: 'file',
  oid: file.oid,
  size: file.content.length,
  path: file.path,
  ...(file.large
    ? { lfs: { oid: hidden ? hiddenSum : file.sha256, size: file.content.length, pointerSize: 134 } }
    : {}),
})

const folders = (files: StoredFile[]) => {
  const paths = files.flatMap(({ path }) => {
    const parts = path.split('/').slice(0, -1)
    return parts.map((_, at) => parts.slice(0, at + 1).join('/'))
  })
  return [...new Set(paths)].map((path) => ({ type: 'directory', oid: '0'.repeat(40), size: 0, path }))
}

/**
 * `GET /api/models/{repo}/tree/{rev}?recursive=true`, a page of it.
 * @param url as requested; absolute
 * @param hidden whether the checksums are hidden
 */
export const treePage = (files: StoredFile[], url: URL, hidden: boolean, pageSize: number): OriginReply => {
  const entries = [...folders(files), ...files.map((file) => treeEntry(file, hidden))]
  const start = Number(url.searchParams.get('cursor') ?? 0)
  const next = start + pageSize
  if (next >= entries.length) return jsonReply(entries.slice(start))
  const address = new URL(url)
  address.searchParams.set('cursor', String(next))
  return jsonReply(entries.slice(start, next), { link: `<${address.href}>; rel="next"` })
}

/** `GET /api/models?search=&limit=` */
export const searchPage = (repos: Iterable<FakeRepository>, query: URLSearchParams): OriginReply => {
  const words = (query.get('search') ?? '').toLowerCase()
  const found = [...repos].filter((repo) => !repo.private && repo.id.toLowerCase().includes(words))
  const gguf = { total: 494_032_768, architecture: 'qwen2', context_length: 32_768 }
  const page = found.sort((a, b) => b.downloads - a.downloads).slice(0, Number(query.get('limit') ?? 1000))
  return jsonReply(page.map(({ id, downloads, gated }) => ({ id, downloads, likes: 1, gated, gguf })))
}
