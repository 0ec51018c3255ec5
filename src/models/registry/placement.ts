/**
 * Where the files of a pulled model go below models/. The first file of a name goes to `<safe-ref>/<file>` (spec §3); other content
 * with the same name goes into a folder beside it, named after its commit. Shards stay together. Pure, apart from `contentAt`.
 */
import type { Digest, RemotePath, RepoRef } from '../../lib/hub/names.ts'

/** Folder of a repository, or of a package (`pypi:NAME`), below models/ (spec §3). */
export const safeRef = (repo: RepoRef): string => repo.replace(/[/:]/, '--')

export interface PlacedFile {
  /** Path in the repository. */
  path: RemotePath
  sha256: Digest
}

/** The sha256 of what is at a path below models/, or should be there according to an entry; null: nothing; 'other': not this content. */
export type ContentAt = (path: string, sha256: string) => Promise<string | null>

/** Digits of a commit in a folder name: a few more than git and the hub show. */
const commitDigits = 12

function* foldersOf(repo: RepoRef, commit: string): Generator<string> {
  const base = safeRef(repo)
  yield base
  for (let n = 1; ; n++) yield `${base}/${commit.slice(0, commitDigits)}${n === 1 ? '' : `-${n}`}`
}

/**
 * @param commit that the files were pinned to
 * @returns a path below models/ for each file, which is free or already has the same content
 * @throws what `contentAt` throws
 */
export const placeFiles = async (
  { repo, commit }: { repo: RepoRef; commit: string },
  files: readonly PlacedFile[],
  contentAt: ContentAt,
): Promise<string[]> => {
  for (const folder of foldersOf(repo, commit)) {
    const paths: string[] = []
    for (const { path, sha256 } of files) {
      const at = `${folder}/${path}`
      const there = await contentAt(at, sha256)
      if (there !== null && there !== sha256) break
      paths.push(at)
    }
    if (paths.length === files.length) return paths
  }
  throw new Error('there is always another folder')
}
