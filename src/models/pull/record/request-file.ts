/** `models/.source-<id>.json`: where a model came from, so that a slot can have it pulled again. */
import { readdir } from 'node:fs/promises'
import { PullRequest } from '../../../contract/models/pull.ts'
import { modelId } from '../../../lib/hub/names.ts'
import { log } from '../../../lib/log.ts'
import { parse } from '../../../lib/validate.ts'
import { writeFileAtomic } from '../../../system/files/atomic-file.ts'
import { readTextIfThere } from '../../../system/files/read-text.ts'
import { storageError } from '../../../system/files/storage-error.ts'
import { pathBelow, sourcePath } from '../../naming/model-paths.ts'

const sourceName = /^\.source-(.+)\.json$/

const read = async (path: string): Promise<PullRequest | null> => {
  try {
    const text = await readTextIfThere(path, 'read where a model comes from')
    return parse(PullRequest, JSON.parse(text ?? ''), path)
  } catch (error) {
    log.warn(`could not read ${path}; it is not known where that model comes from`, error)
    return null
  }
}

/** Where models come from, by id. @throws Hal0Error `storage.failed` */
export const knownSources = async (models: string): Promise<Map<string, PullRequest>> => {
  const names = await readdir(models).catch((error: unknown) => {
    throw storageError(error, models, 'look for where models come from')
  })
  const found = new Map<string, PullRequest>()
  for (const name of names) {
    const id = sourceName.exec(name)?.[1]
    const request = id === undefined ? null : await read(pathBelow(models, name))
    if (id !== undefined && request !== null) found.set(id, request)
  }
  return found
}

/** @throws Hal0Error `storage.full`, `storage.failed` */
export const rememberSource = (models: string, id: string, request: PullRequest): Promise<void> =>
  writeFileAtomic(sourcePath(models, modelId(id)), `${JSON.stringify(request)}\n`, `write down where ${id} comes from`)
