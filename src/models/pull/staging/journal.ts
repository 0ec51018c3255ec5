/**
 * `<name>.ranges.json`: which bytes of a partial file are known to be on the disk, and what file they belong to. Only they are
 * trusted after a crash. It is replaced after the data is durable, so it may list too little, but never too much.
 */
import { type FileHandle, unlink } from 'node:fs/promises'
import { type Static, Type } from 'typebox'
import { log } from '../../../lib/log.ts'
import type { Range } from '../../../lib/ranges.ts'
import { problemsOf } from '../../../lib/validate.ts'
import { writeFileAtomic } from '../../../system/files/atomic-file.ts'
import { errnoOf } from '../../../system/files/storage-error.ts'
import type { RemoteFile } from '../origin/origin.ts'
import { diskError } from './disk-error.ts'
import { openOwn } from './partial-file.ts'

/** Identifies the file that the bytes belong to: a partial file of anything else cannot be used. */
const Identity = Type.Object({
  commit: Type.String(),
  path: Type.String(),
  size: Type.Integer({ minimum: 0 }),
  sum: Type.String(),
})
type Identity = Static<typeof Identity>

const Journal = Type.Object({ ...Identity.properties, written: Type.Array(Type.Array(Type.Integer({ minimum: 0 }))) })

export const identify = (commit: string, { path, size, sum }: RemoteFile): Identity => ({
  commit,
  path,
  size,
  sum: `${sum.kind}:${sum.hex}`,
})

/** @throws Hal0Error `storage.failed`, `pull.no_space` */
export const writeJournal = async (path: string, identity: Identity, written: Range[]): Promise<void> => {
  const doing = 'record what was downloaded'
  await writeFileAtomic(path, `${JSON.stringify({ ...identity, written })}\n`, doing).catch((error: unknown) => {
    // It arrives as storage.full, but a pull has its own code.
    throw diskError(error instanceof Error && error.cause !== undefined ? error.cause : error, path, doing)
  })
}

/**
 * The ranges that are written; empty if there is no journal, or it belongs to other bytes.
 * @throws Hal0Error `storage.failed` when it cannot be read
 */
export const readJournal = async (path: string, identity: Identity): Promise<Range[]> => {
  let file: FileHandle
  try {
    file = await openOwn(path, false)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw diskError(error, path, 'read what was downloaded before')
  }
  try {
    return trusted(await file.readFile('utf8'), identity, path)
  } catch (error) {
    throw diskError(error, path, 'read what was downloaded before')
  } finally {
    await file.close()
  }
}

const trusted = (text: string, identity: Identity, path: string): Range[] => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    log.warn(`${path} is not valid JSON; the file is downloaded from its start`, error)
    return []
  }
  if (problemsOf(Journal, value).length > 0) {
    log.warn(`${path} is not the record of a download; the file is downloaded from its start`)
    return []
  }
  const { written, ...of } = value as Static<typeof Journal>
  const same = Object.entries(identity).every(([key, expected]) => of[key as keyof Identity] === expected)
  const ranges = written.map(([from = 0, to = 0]): Range => [from, to])
  const sound = ranges.every(([from, to]) => from < to && to <= identity.size)
  return same && sound ? ranges : []
}

export const removeJournal = async (path: string): Promise<void> => {
  try {
    await unlink(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw diskError(error, path, 'remove the record of a download')
  }
}
