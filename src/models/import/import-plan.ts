/** The first half of an import: finds the files that a path refers to and checks them before a byte is copied. Only reads. */
import { realpath, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import type { ModelImport } from '../../contract/models/model.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { checkRunnableModel } from '../gguf/check-runnable.ts'
import { invalidFile } from '../gguf/cursor.ts'
import { type GgufHeader, readGgufHeader } from '../gguf/header.ts'
import { type ModelFacts, modelFacts } from '../gguf/model-facts.ts'
import { defaultId } from '../naming/default-id.ts'
import { parseShardName, shardFileName } from '../naming/file-name.ts'

/** One file of the model to import. */
export interface ImportSource {
  /** The file keeps its name, since llama.cpp finds the shards of a model by it. */
  name: string
  /** Absolute path without symbolic links. */
  realPath: string
  size: number
  /** Shows whether the file was changed after it was checked. */
  modifiedMs: number
}

export interface ImportPlan {
  id: string
  facts: ModelFacts
  /** First shard first. */
  sources: ImportSource[]
}

/** The limit for file names on Linux file systems, less room for `.sha256` and the suffix of temp files. */
const nameBytes = 200

const refuse = (path: string, sentence: string): Hal0Error =>
  new Hal0Error('request.invalid', sentence, { param: 'path', details: { path } })

/** @throws Hal0Error `request.invalid`, `model.invalid_file`, `storage.failed` */
export const planImport = async (request: ModelImport): Promise<ImportPlan> => {
  const { path } = request
  if (!isAbsolute(path)) throw refuse(path, `${path} is not an absolute path. Give the whole path of the file.`)
  const name = basename(path)
  checkName(path, name)
  const given = await findSource(path, name)
  const shard = parseShardName(name)
  const sources = shard === null ? [given] : await findShards(path, shard)
  const headers: GgufHeader[] = []
  for (const source of sources) headers.push(await readGgufHeader(source.realPath))
  const [first, ...rest] = headers
  if (first === undefined) throw refuse(path, `${path} names no file.`)
  checkRunnableModel(path, headers)

  const id = request.id ?? defaultId(name)
  return { id, facts: modelFacts([first, ...rest], name, id), sources }
}

/** Refuses names that `sha256sum` would have to escape and a terminal would show wrongly. */
const checkName = (path: string, name: string): void => {
  if (/[\\\p{Cc}]/u.test(name)) {
    throw refuse(path, `The file name ${JSON.stringify(name)} has a backslash or a control character. Rename the file.`)
  }
  if (Buffer.byteLength(name) > nameBytes) {
    throw refuse(path, `The file name ${name} is longer than ${nameBytes} bytes. Rename the file.`)
  }
}

/** The name of the user that this process runs as, or the uid if there is no name, as in many containers. */
const ownUser = (): string => {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.())
  }
}

const findSource = async (path: string, name: string): Promise<ImportSource> => {
  try {
    const realPath = await realpath(path)
    const found = await stat(realPath)
    if (!found.isFile()) throw refuse(path, `${path} is not a regular file. Give the path of a GGUF file.`)
    if (found.size === 0) throw invalidFile(path, 'it is empty', { offset: 0 })
    return { name, realPath, size: found.size, modifiedMs: found.mtimeMs }
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT' || errno === 'ENOTDIR') {
      // The unit of the service sets PrivateTmp=.
      const own = /^\/(var\/)?tmp\//.test(path) ? ' A hal0 that runs as a service has a /tmp of its own.' : ''
      throw refuse(path, `There is no file ${path} on the server.${own}`)
    }
    if (errno === 'ELOOP' || errno === 'ENAMETOOLONG') throw refuse(path, `${path} cannot be followed to a file.`)
    if (errno === 'EACCES')
      throw refuse(
        path,
        `hal0 runs as user ${ownUser()} and may not read ${path}. Put the file where that user may, such as /srv, or check the owner and mode of file and folders.`,
      )
    throw storageError(error, path, 'look at the file to import')
  }
}

/** Finds every shard of the model beside the given one. For a link, that means beside the link, as in the hub's cache. */
const findShards = async (
  path: string,
  shard: { stem: string; no: number; count: number },
): Promise<ImportSource[]> => {
  if (shard.no < 1 || shard.no > shard.count) {
    throw invalidFile(path, `its name says shard ${shard.no} of ${shard.count}`)
  }
  const sources: ImportSource[] = []
  for (let no = 1; no <= shard.count; no++) {
    const name = shardFileName(shard.stem, no, shard.count)
    const sibling = join(dirname(path), name)
    try {
      sources.push(await findSource(sibling, name))
    } catch (error) {
      if (!(error instanceof Hal0Error) || error.code !== 'request.invalid') throw error
      const why = `shard ${no} of ${shard.count} is missing: ${error.message}`
      throw invalidFile(path, why.replace(/\.$/, ''), { missing: sibling }, 'Put all shards into one folder.')
    }
  }
  return sources
}
