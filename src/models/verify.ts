/** Tells whether a model's files are still what was registered. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelFile, ModelVerification } from '../contract/model.ts'
import { errnoOf } from '../system/storage-error.ts'
import { hashFile, readSidecar } from './checksum.ts'

type FileVerification = ModelVerification['files'][number]

/** Hashes every file again; what is wrong with one is an answer, not an error. */
export const verifyFiles = async (
  models: string,
  files: readonly ModelFile[],
): Promise<Pick<ModelVerification, 'ok' | 'files'>> => {
  const verified: FileVerification[] = []
  for (const file of files) {
    const { actual, problem } = await verifyFile(join(models, file.path), file)
    verified.push({ path: file.path, ok: problem === null, expected: file.sha256, actual, problem })
  }
  return { ok: verified.every((file) => file.ok), files: verified }
}

const verifyFile = async (path: string, file: ModelFile): Promise<Pick<FileVerification, 'actual' | 'problem'>> => {
  try {
    const found = await stat(path)
    if (!found.isFile()) return { actual: null, problem: 'it is not a regular file' }
    const { sha256, bytes } = await hashFile(path)
    if (bytes !== file.size) {
      return { actual: sha256, problem: `it has ${bytes} bytes, ${file.size} were registered` }
    }
    if (sha256 !== file.sha256) return { actual: sha256, problem: 'its content has changed' }
    const stated = await readSidecar(path)
    if (stated !== null && stated !== file.sha256) {
      return { actual: sha256, problem: `its checksum file states ${stated}` }
    }
    return { actual: sha256, problem: null }
  } catch (error) {
    const errno = errnoOf(error)
    return {
      actual: null,
      problem: errno === 'ENOENT' ? 'it is missing' : `it cannot be read (${errno ?? String(error)})`,
    }
  }
}
