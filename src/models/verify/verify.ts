/** Checks whether a model's files are still what was registered. */
import { stat } from 'node:fs/promises'
import type { ModelFile, ModelVerification } from '../../contract/models/model.ts'
import { errnoOf } from '../../system/files/storage-error.ts'
import { pathBelow } from '../naming/model-paths.ts'
import { hashFile, readSidecar } from './checksum.ts'

type FileVerification = ModelVerification['files'][number]

interface VerifyOptions {
  signal: AbortSignal
  /** Called with the number of bytes done of the file at `index`: at most its registered size, and exactly that at its verdict. */
  onDone(index: number, bytes: number): void
}

/**
 * Hashes every file again. A damaged file is a result, not an error.
 * @throws the signal's reason once it aborted
 */
export const verifyFiles = async (
  models: string,
  files: readonly ModelFile[],
  { signal, onDone }: VerifyOptions,
): Promise<Pick<ModelVerification, 'ok' | 'files'>> => {
  const verified: FileVerification[] = []
  for (const [index, file] of files.entries()) {
    onDone(index, 0)
    const { actual, problem } = await verifyFile(pathBelow(models, file.path), file, {
      signal,
      onBytes: (bytes) => onDone(index, Math.min(bytes, file.size)),
    })
    onDone(index, file.size)
    verified.push({ path: file.path, ok: problem === null, expected: file.sha256, actual, problem })
  }
  return { ok: verified.every((file) => file.ok), files: verified }
}

const verifyFile = async (
  path: string,
  file: ModelFile,
  watch: { signal: AbortSignal; onBytes(bytes: number): void },
): Promise<Pick<FileVerification, 'actual' | 'problem'>> => {
  try {
    const found = await stat(path)
    if (!found.isFile()) return { actual: null, problem: 'it is not a regular file' }
    const { sha256, bytes } = await hashFile(path, watch)
    if (bytes !== file.size) {
      return { actual: sha256, problem: `it has ${bytes} bytes, ${file.size} are registered` }
    }
    if (sha256 !== file.sha256) return { actual: sha256, problem: 'its content has changed' }
    const stated = await readSidecar(path)
    if (stated !== null && stated !== file.sha256) {
      return { actual: sha256, problem: `its checksum file states ${stated}` }
    }
    return { actual: sha256, problem: null }
  } catch (error) {
    watch.signal.throwIfAborted()
    const errno = errnoOf(error)
    return {
      actual: null,
      problem: errno === 'ENOENT' ? 'it is missing' : `it cannot be read (${errno ?? String(error)})`,
    }
  }
}
