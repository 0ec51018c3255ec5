/** A repository of the fake hub: commits, their files, and who may read them. */
import { createHash } from 'node:crypto'

export interface FakeFile {
  path: string
  content: Uint8Array
  /** Whether it is in the storage (LFS); by default according to the hub's rule for `*.gguf` and `*.safetensors`. */
  large?: boolean
}

export interface FakeRepositoryOptions {
  /** owner/name */
  id: string
  files: FakeFile[]
  /** Whether the owner has to grant access to its files, which the tokens in `readers` have. */
  gated?: 'auto' | 'manual'
  /** Only `readers` can see that it exists. */
  private?: boolean
  /** Tokens with access to a gated or private repository. */
  readers?: string[]
  downloads?: number
}

export interface StoredFile {
  path: string
  content: Uint8Array
  large: boolean
  /** git's id of the committed content; for a large file, that of its pointer. */
  oid: string
  sha256: string
}

const hash = (algorithm: 'sha1' | 'sha256', ...parts: (Uint8Array | string)[]): string => {
  const hasher = createHash(algorithm)
  for (const part of parts) hasher.update(part)
  return hasher.digest('hex')
}

const blobSha1 = (content: Uint8Array | string): string => hash('sha1', `blob ${Buffer.byteLength(content)}\0`, content)

const stored = ({ path, content, large = /\.(gguf|safetensors)$/.test(path) }: FakeFile): StoredFile => {
  const sha256 = hash('sha256', content)
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${content.length}\n`
  return { path, content, large, sha256, oid: blobSha1(large ? pointer : content) }
}

export class FakeRepository {
  readonly id: string
  gated: 'auto' | 'manual' | false
  private: boolean
  readers: string[]
  downloads: number
  /** Former names: requests for them are redirected. */
  readonly oldIds: string[] = []
  readonly #commits = new Map<string, StoredFile[]>()
  /** Branches and tags. */
  readonly refs = new Map<string, string>()

  constructor(options: FakeRepositoryOptions) {
    this.id = options.id
    this.gated = options.gated ?? false
    this.private = options.private ?? false
    this.readers = options.readers ?? []
    this.downloads = options.downloads ?? 0
    this.commit(options.files)
  }

  /** Makes these the files of `branch`; older commits stay. @returns the commit */
  commit(files: FakeFile[], branch = 'main'): string {
    const list = files.map(stored).sort((a, b) => (a.path < b.path ? -1 : 1))
    const listed = list.map(({ path, oid }) => `${oid} ${path}`).join('\n')
    const commit = hash('sha1', `${this.id} ${this.#commits.size}\n${listed}`)
    this.#commits.set(commit, list)
    this.refs.set(branch, commit)
    return commit
  }

  /** The commit of a branch, a tag or a commit; null if it is neither. */
  resolve(revision: string): string | null {
    return this.refs.get(revision) ?? (this.#commits.has(revision) ? revision : null)
  }

  files(commit: string): StoredFile[] {
    return this.#commits.get(commit) ?? []
  }
}
