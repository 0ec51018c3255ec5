/** Files of a pull that another model already has: they are hashed in place instead of being downloaded again. */
import { lstat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ModelEntry, ModelFile } from '../../../contract/models/model.ts'
import { log } from '../../../lib/log.ts'
import { pathBelow } from '../../naming/model-paths.ts'
import { hashFile, readSidecar } from '../../verify/checksum.ts'
import type { RemoteFile } from '../origin/origin.ts'

/** An existing file with its sidecar. */
export interface LyingFile {
  /** Absolute path. */
  from: string
  sha256: string
}

/**
 * @param entries whose files are considered
 * @returns files by path in the repository; only those with exactly the bytes that the hub states
 * @throws the signal's reason once it aborted
 */
export const findHere = async (
  models: string,
  files: readonly RemoteFile[],
  entries: readonly ModelEntry[],
  signal: AbortSignal,
): Promise<Map<string, LyingFile>> => {
  const found = new Map<string, LyingFile>()
  for (const { path, size, sum } of files) {
    // The sidecar contains the name too.
    const fits = (file: ModelFile): boolean =>
      sum.kind === 'sha256' && file.sha256 === sum.hex && file.size === size && basename(file.path) === basename(path)
    for (const candidate of entries.flatMap((entry) => entry.files.filter(fits))) {
      const from = pathBelow(models, candidate.path)
      if (!(await isSound(from, candidate, signal))) continue
      found.set(path, { from, sha256: candidate.sha256 })
      break
    }
  }
  return found
}

/** The target of a linked file may be changed by others, so it is not reused. */
const isSound = async (path: string, { size, sha256 }: ModelFile, signal: AbortSignal): Promise<boolean> => {
  try {
    const there = await lstat(path)
    if (!there.isFile() || there.size !== size || (await readSidecar(path)) !== sha256) return false
    return (await hashFile(path, { signal })).sha256 === sha256
  } catch (error) {
    signal.throwIfAborted()
    log.info(`${path} is fetched again, because it cannot be read`, error)
    return false
  }
}
