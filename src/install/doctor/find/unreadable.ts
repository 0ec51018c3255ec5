/** Finds files that slots need and cannot read: linked models, and engines. */
import { readdir, readlink, realpath } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { errnoOf, storageError } from '../../../system/files/storage-error.ts'
import { modelsDir } from '../../../system/paths.ts'
import { isHiddenFromSlots } from '../../../system/systemd/slot-view.ts'
import { slotUser } from '../../../system/systemd/unit/slot-user.ts'
import type { Layout } from '../../layout.ts'
import type { Programs } from '../../programs.ts'
import type { Unreadable } from '../facts.ts'

/** Links below the models folder; setup and imports make them one level deep. */
const modelLinks = async (models: string): Promise<string[]> => {
  try {
    const entries = await readdir(models, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isSymbolicLink()).map(({ parentPath, name }) => join(parentPath, name))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw storageError(error, models, 'look for models that are links')
  }
}

const reasonOf = async (
  target: string,
  { scope, paths }: Layout,
  programs: Programs,
): Promise<Unreadable['why'] | null> => {
  let real: string
  try {
    real = await realpath(target)
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? 'missing' : 'forbidden'
  }
  // The user's own units are limited only by the user's rights.
  if (scope === 'user') return null
  if (isHiddenFromSlots(real, paths.data)) return 'hidden'
  const answer = await programs.ask('setpriv', [
    `--reuid=${slotUser}`,
    `--regid=${slotUser}`,
    '--init-groups',
    '--',
    '/usr/bin/test',
    '-r',
    real,
  ])
  // 1: test(1) says no. Anything else (no setpriv, no user) says nothing about the file.
  return answer?.code === 1 && answer.stderr === '' ? 'forbidden' : null
}

/** @param engines absolute paths of engines */
export const findUnreadable = async (
  layout: Layout,
  programs: Programs,
  engines: readonly string[],
): Promise<Unreadable[]> => {
  const links = await modelLinks(modelsDir(layout.paths))
  const targets = await Promise.all(links.map(async (path) => resolve(dirname(path), await readlink(path))))
  const needed = [
    ...links.map((path, index) => ({ path, target: targets[index] ?? path })),
    ...engines.map((path) => ({ path, target: path })),
  ]
  const unreadable: Unreadable[] = []
  for (const { path, target } of needed) {
    const why = await reasonOf(target, layout, programs)
    if (why !== null) unreadable.push({ path, target, why })
  }
  return unreadable
}
