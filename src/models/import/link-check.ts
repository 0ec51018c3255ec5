/** Refuses to link a model to where its slots could not read it, before a byte of it is read. */
import { realpath } from 'node:fs/promises'
import { Hal0Error } from '../../lib/hal0-error.ts'

/** Whether a path without symbolic links is out of reach for slots. */
export type IsOutOfReach = (path: string) => boolean

const refused = (path: string, target: string): Hal0Error =>
  new Hal0Error(
    'request.invalid',
    `Slots run as a user of their own, from whom homes and temporary folders are hidden: a link to ${target} would lead them nowhere. Import the model without --link, or move it to a folder that everybody may read, e.g. /srv/models.`,
    { param: 'link', details: { path, target } },
  )

/**
 * @param path as it was given
 * @throws Hal0Error `request.invalid` when slots could not follow a link to it
 */
export const refuseLink = async (path: string, isOutOfReach: IsOutOfReach): Promise<void> => {
  // A path that this user may not follow is judged as it is written.
  const target = await realpath(path).catch(() => path)
  if (isOutOfReach(target)) throw refused(path, target)
}
