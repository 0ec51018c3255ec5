/**
 * Where the files of a pulled model go below models/: `<safe-ref>/<file>` (spec §3) for the first that has that name; for other
 * bytes of the same name a folder beside it, named by their commit. Shards stay together. Pure, but for what it asks.
 */
/** Folder of a repository below models/ (spec §3). */
export const safeRef = (repo: string): string => repo.replace('/', '--')

export interface PlacedFile {
  /** In the repository. */
  path: string
  sha256: string
}

/** What lies, or is said by an entry to lie, under a path below models/: its sha256; null: nothing; 'other': what is not this. */
export type ContentAt = (path: string, sha256: string) => Promise<string | null>

/** Digits of a commit that name a folder: as git and the hub show them, and a few more. */
const commitDigits = 12

function* foldersOf(repo: string, commit: string): Generator<string> {
  const base = safeRef(repo)
  yield base
  for (let n = 1; ; n++) yield `${base}/${commit.slice(0, commitDigits)}${n === 1 ? '' : `-${n}`}`
}

/**
 * @param commit what the files were pinned to
 * @returns the path of each file, below models/: free, or holding the very same bytes
 * @throws what `contentAt` throws
 */
export const placeFiles = async (
  { repo, commit }: { repo: string; commit: string },
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
