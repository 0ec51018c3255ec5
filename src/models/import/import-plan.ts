/** The first half of an import: finds the files that a path refers to and checks them before a byte is copied. Only reads. */
import { realpath, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import type { ModelImport } from '../../contract/models/model.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import type { ModelFormat } from '../formats/model-format.ts'
import { type FormatTable, formatOf, modelFormats } from '../formats/table.ts'
import type { ModelFacts } from '../gguf/model-facts.ts'
import { defaultId } from '../naming/default-id.ts'
import { type IsOutOfReach, refuseLink } from './link-check.ts'

/** What can be imported, and how. */
export interface ImportRules {
  formats: FormatTable
  /** What slots could not read, if a model were linked to it. */
  isOutOfReach: IsOutOfReach
}

export const usualRules: ImportRules = { formats: modelFormats, isOutOfReach: () => false }

/** One file of the model to import. */
export interface ImportSource {
  /** The file keeps its name, since engines find the files of a model by it. */
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
  /** In the order of the format: first shard first. */
  sources: ImportSource[]
}

/** The limit for file names on Linux file systems, less room for `.sha256` and the suffix of temp files. */
const nameBytes = 200

const refuse = (path: string, sentence: string): Hal0Error =>
  new Hal0Error('request.invalid', sentence, { param: 'path', details: { path } })

/** @throws Hal0Error `request.invalid`, `model.invalid_file`, `storage.failed` */
export const planImport = async (request: ModelImport, { formats, isOutOfReach }: ImportRules): Promise<ImportPlan> => {
  const { path } = request
  if (!isAbsolute(path)) throw refuse(path, `${path} is not an absolute path. Give the whole path of the file.`)
  const name = basename(path)
  checkName(path, name)
  if (request.link === true) await refuseLink(path, isOutOfReach)
  const format = formatOf(name, formats)
  const given = await findSource(path, name, format)
  const names = format.filesOf(name, path)
  const sources = names.length === 1 ? [given] : await findAll(path, names, format)

  const id = request.id ?? defaultId(name)
  const files = sources.map(({ realPath }) => realPath)
  return { id, facts: await format.readFacts(files, path, id, false), sources }
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

const findSource = async (path: string, name: string, format: ModelFormat): Promise<ImportSource> => {
  try {
    const realPath = await realpath(path)
    const found = await stat(realPath)
    if (!found.isFile()) throw refuse(path, `${path} is not a regular file. Give the path of a GGUF file.`)
    if (found.size === 0) throw format.invalid(path, 'it is empty', { offset: 0 }, '')
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

/** Finds every file of the model beside the given one. For a link, that means beside the link, as in the hub's cache. */
const findAll = async (path: string, names: readonly string[], format: ModelFormat): Promise<ImportSource[]> => {
  const sources: ImportSource[] = []
  for (const [index, name] of names.entries()) {
    const sibling = join(dirname(path), name)
    try {
      sources.push(await findSource(sibling, name, format))
    } catch (error) {
      if (!(error instanceof Hal0Error) || error.code !== 'request.invalid') throw error
      const part = format.partName(index, names.length)
      const why = `${part} is missing: ${error.message}`.replace(/\.$/, '')
      throw format.invalid(path, why, { missing: sibling }, `Put all ${part.split(' ')[0]}s into one folder.`)
    }
  }
  return sources
}
