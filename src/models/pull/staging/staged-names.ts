/** The names of a pull's files on the disk. Pure. */
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { RemoteFile } from '../origin/origin.ts'

/** Short enough that the temporary names of the journal and the sidecar fit into a file system's 255 bytes. */
const longestName = 220

export interface StagedNames {
  /** The name of the verified file. */
  name: string
  partial: string
  journal: string
  sidecar: string
}

/**
 * The last part of each path in the repository, since engines need the shards of a model side by side with their own names.
 * @throws Hal0Error `request.invalid` for a name that is not allowed here, or that two files would share
 */
export const stagedNames = (files: readonly RemoteFile[]): StagedNames[] => {
  const taken = new Set<string>()
  return files.map(({ path }) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const why = problemOf(name)
    if (why !== null) throw refused(path, why)
    const names = {
      name,
      partial: `${name}.partial`,
      journal: `${name}.ranges.json`,
      sidecar: `${name}.sha256`,
    }
    for (const one of Object.values(names)) {
      if (taken.has(one)) throw refused(path, 'its name is that of another file of the pull')
      taken.add(one)
    }
    return names
  })
}

const problemOf = (name: string): string | null => {
  if (name === '' || name.startsWith('.')) return 'its name is empty or begins with a dot'
  // Line ends and backslashes would have to be escaped in the sidecar for sha256sum.
  if (/[\p{Cc}\\]/u.test(name)) return 'its name has a control character or a backslash'
  if (!name.isWellFormed()) return 'its name is not Unicode text'
  return Buffer.byteLength(name) > longestName ? `its name is longer than ${longestName} bytes` : null
}

const refused = (path: string, why: string): Hal0Error =>
  new Hal0Error('request.invalid', `hal0 cannot store ${JSON.stringify(path)}: ${why}. Choose another file.`, {
    param: 'file',
    details: { file: path },
  })
