/**
 * Makes the paths below models/. Nothing else in this part joins paths there (test/architecture.test.ts), since the names come from
 * strangers: hubs, archives, requests, and files that somebody edited.
 */
import { isAbsolute, join } from 'node:path'
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { ModelId } from '../../lib/hub/names.ts'

const longestShown = 200

/**
 * The path of `relative` in `folder`, which is models/ or a folder in it.
 * @throws Hal0Error `storage.failed` if it would be anywhere else
 */
export const pathBelow = (folder: string, relative: string): string => {
  const isBelow =
    !isAbsolute(relative) &&
    !relative.includes('\0') &&
    relative.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  if (isBelow) return join(folder, relative)
  const shown = JSON.stringify(bounded(relative, longestShown))
  throw new Hal0Error('storage.failed', `${shown} is not a path in ${folder}. hal0 does not touch it.`, {
    details: { folder },
  })
}

/** What hal0 keeps about a model: a file, or a folder, whose name has the id in it. */
const named =
  (start: string, end: string) =>
  (models: string, id: ModelId): string =>
    pathBelow(models, `${start}${id}${end}`)

/** The entry of a model. */
export const entryPath = named('', '.json')
/** A future entry. */
export const pendingPath = named('.pending-', '.json')
/** A removed entry. */
export const removedPath = named('.removed-', '.json')
/** Where a model came from. */
export const sourcePath = named('.source-', '.json')
/** The files of an import, on their way in. */
export const stagingPath = (models: string, random: string): string => pathBelow(models, `.import-${random}`)
/** A replaced entry that a slot may still run. */
export const retiredPath = (models: string, id: ModelId, random: string): string =>
  pathBelow(models, `.retired-${id}.${random}.json`)
