/** `update.json` beside the versions: what the links alone do not say. */
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { nullable } from '../contract/schema/nullable.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { problemsOf } from '../lib/validate.ts'
import { writeFileAtomic } from '../system/files/atomic-file.ts'
import { readTextIfThere } from '../system/files/read-text.ts'
import { installedVersions } from '../system/files/release-folder.ts'
import type { Paths } from '../system/paths.ts'

const UpdateRecord = Type.Object({
  previous: nullable(Type.String({ description: 'The version before the current one.' })),
  leaving: nullable(
    Type.String({ description: 'While the current version has not proven itself: the one to go back to.' }),
  ),
})
export type UpdateRecord = Static<typeof UpdateRecord>

const recordFile = (paths: Paths): string => join(paths.lib, 'update.json')

const parseOr = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // The caller reports what is wrong with it.
    return undefined
  }
}

/** @throws Hal0Error `storage.failed` */
export const readRecord = async (paths: Paths): Promise<UpdateRecord> => {
  const path = recordFile(paths)
  const text = await readTextIfThere(path, 'read what the last update did')
  if (text === null) return { previous: null, leaving: null }
  const value = parseOr(text)
  if (problemsOf(UpdateRecord, value).length === 0) return value as UpdateRecord
  throw new Hal0Error('storage.failed', `${path} does not contain what hal0 writes there. Remove it and try again.`, {
    details: { path },
  })
}

/** @throws Hal0Error `storage.full`, `storage.failed` */
export const writeRecord = (paths: Paths, record: UpdateRecord): Promise<void> =>
  writeFileAtomic(recordFile(paths), `${JSON.stringify(record)}\n`, 'write down what this update does')

/**
 * The version to go back to: the one that ran before or, if no update has run yet, the newest older one.
 * @returns null when there is none
 */
export const previousVersion = async (paths: Paths, current: string): Promise<string | null> => {
  const { previous } = await readRecord(paths)
  const others = (await installedVersions(paths)).filter((version) => version !== current)
  if (previous !== null && others.includes(previous)) return previous
  return others.findLast((version) => Bun.semver.order(version, current) < 0) ?? null
}
