/**
 * `models/.pull-<id>.json`: what was asked for, so that the next daemon goes on with a pull that this one did not end.
 * `models/.source-<id>.json`: where a model came from, so that a slot can have it brought again.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PullRequest } from '../contract/pull.ts'
import { log } from '../lib/log.ts'
import { problemsOf } from '../lib/validate.ts'
import { removeFile, writeFileAtomic } from '../system/atomic-file.ts'
import { readTextIfThere } from '../system/read-text.ts'
import { storageError } from '../system/storage-error.ts'

const requestFile = (models: string, id: string): string => join(models, `.pull-${id}.json`)
const sourceFile = (models: string, id: string): string => join(models, `.source-${id}.json`)
const requestName = /^\.pull-(.+)\.json$/
const sourceName = /^\.source-(.+)\.json$/

/** @throws Hal0Error `storage.full`, `storage.failed` */
export const rememberRequest = (models: string, id: string, request: PullRequest): Promise<void> =>
  writeFileAtomic(requestFile(models, id), `${JSON.stringify(request)}\n`, `write down the pull of ${id}`)

/** To be called when a pull has ended; its partial files stay. @throws Hal0Error `storage.failed` */
export const forgetRequest = (models: string, id: string): Promise<void> =>
  removeFile(requestFile(models, id), 'forget a pull')

const read = async (path: string): Promise<PullRequest | null> => {
  try {
    const value: unknown = JSON.parse((await readTextIfThere(path, 'read what was to be pulled')) ?? '')
    return problemsOf(PullRequest, value).length === 0 ? (value as PullRequest) : null
  } catch (error) {
    log.warn(`could not read ${path}; that pull is not gone on with`, error)
    return null
  }
}

const readAll = async (models: string, pattern: RegExp): Promise<Map<string, PullRequest>> => {
  const names = await readdir(models).catch((error: unknown) => {
    throw storageError(error, models, 'look for unfinished pulls')
  })
  const found = new Map<string, PullRequest>()
  for (const name of names) {
    const id = pattern.exec(name)?.[1]
    const request = id === undefined ? null : await read(join(models, name))
    if (id !== undefined && request !== null) found.set(id, request)
  }
  return found
}

/** Pulls that a daemon left unfinished, by id. @throws Hal0Error `storage.failed` */
export const unfinishedPulls = (models: string): Promise<Map<string, PullRequest>> => readAll(models, requestName)

/** Where models come from, by id. @throws Hal0Error `storage.failed` */
export const knownSources = (models: string): Promise<Map<string, PullRequest>> => readAll(models, sourceName)

/** @throws Hal0Error `storage.full`, `storage.failed` */
export const rememberSource = (models: string, id: string, request: PullRequest): Promise<void> =>
  writeFileAtomic(sourceFile(models, id), `${JSON.stringify(request)}\n`, `write down where ${id} comes from`)
