/** Small text files that are embedded in hal0 and written out byte for byte. */
import { readFile } from 'node:fs/promises'
import { writeFileAtomic } from '../../system/files/atomic-file.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import type { TextFile } from '../service/unit-files.ts'
import type { Step } from '../step.ts'

type Drift = 'same' | 'missing' | 'different'

const driftOf = async ({ path, text }: TextFile): Promise<Drift> => {
  try {
    return (await readFile(path, 'utf8')) === text ? 'same' : 'different'
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'missing'
    throw storageError(error, path, 'look at an installed file')
  }
}

const sentences: Record<Exclude<Drift, 'same'>, (path: string) => string> = {
  missing: (path) => `write ${path}`,
  different: (path) => `replace ${path}, which is not this version's`,
}

/** The changes that writing `files` would make. */
export const textFileChanges = async (files: readonly TextFile[]): Promise<string[]> => {
  const changes: string[] = []
  for (const file of files) {
    const drift = await driftOf(file)
    if (drift !== 'same') changes.push(sentences[drift](file.path))
  }
  return changes
}

/** Writes only those of `files` that differ. */
export const writeTextFiles = async (files: readonly TextFile[]): Promise<void> => {
  for (const file of files) {
    if ((await driftOf(file)) !== 'same') await writeFileAtomic(file.path, file.text, `write ${file.path}`)
  }
}

export const textFilesStep = (id: string, files: readonly TextFile[]): Step => ({
  id,
  changes: () => textFileChanges(files),
  apply: () => writeTextFiles(files),
})
