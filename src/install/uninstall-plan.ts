/** The steps of `hal0 uninstall`, in order. They undo what setup made. */

import { existsSync } from 'node:fs'
import { readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../system/files/atomic-file.ts'
import { isOwnEntry } from '../system/files/release-folder.ts'
import { errnoOf, storageError } from '../system/files/storage-error.ts'
import { apiUnit } from '../system/systemd/hosting.ts'
import { slotUser } from '../system/systemd/unit/slot-user.ts'
import { refusalOf, type Systemctl } from '../system/systemd/unit/systemctl.ts'
import { findUser, groupExists } from './accounts.ts'
import { apiUser, type Layout } from './layout.ts'
import type { Programs } from './programs.ts'
import { readServiceState } from './service/service-state.ts'
import { slotPattern, unitFiles } from './service/unit-files.ts'
import type { Step } from './step.ts'
import { isOurCommand } from './steps/program.ts'

export interface UninstallTools {
  /** Ends the slots through the API, so that they are at rest and not found dead by a later installation. */
  unloadSlots(): Promise<void>
  programs: Programs
  systemctl: Systemctl
}

const must = async (systemctl: Systemctl, args: string[]): Promise<string> => {
  const answer = await systemctl.run(args)
  if (answer.code !== 0) throw refusalOf(args.at(-1) ?? '', args[0] ?? '', answer)
  return answer.stdout
}

/** The unit names of running slots. */
const runningSlots = async (systemctl: Systemctl): Promise<string[]> => {
  const states = '--state=active,activating,deactivating,reloading'
  const text = await must(systemctl, ['list-units', '--plain', '--no-legend', '--full', states, slotPattern])
  return text.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || [])
}

/** Stops the API first: it would take the end of a slot for a crash. */
const stopStep = ({ systemctl, unloadSlots }: UninstallTools): Step => ({
  id: 'stop',
  async changes() {
    const { loaded, active, enabled, shown } = await readServiceState(systemctl)
    const runs = active || shown.startsWith('activating')
    return [
      ...(loaded && runs ? [`stop ${apiUnit}`] : []),
      ...(loaded && enabled ? [`no longer start ${apiUnit} at boot`] : []),
      ...(await runningSlots(systemctl)).map((unit) => `stop ${unit}`),
    ]
  },
  async apply() {
    const { loaded } = await readServiceState(systemctl)
    await unloadSlots()
    if (loaded) {
      await must(systemctl, ['stop', apiUnit])
      await must(systemctl, ['disable', apiUnit])
    }
    const slots = await runningSlots(systemctl)
    if (slots.length > 0) await must(systemctl, ['stop', ...slots])
  },
})

const removeFiles = async (paths: readonly string[]): Promise<void> => {
  for (const path of paths) {
    try {
      await rm(path, { recursive: true, force: true })
      await syncFolder(dirname(path))
    } catch (error) {
      throw storageError(error, path, `remove ${path}`)
    }
  }
}

const unitsStep = (layout: Layout, { systemctl }: UninstallTools): Step => {
  const present = (): string[] => unitFiles(layout).flatMap(({ path }) => (existsSync(path) ? [path] : []))
  return {
    id: 'units',
    changes: async () => present().map((path) => `remove ${path}`),
    async apply() {
      await removeFiles(present())
      await must(systemctl, ['daemon-reload'])
      // A failed slot would be listed for ever. If none failed, there is nothing to reset, which systemctl calls an error.
      await systemctl.run(['reset-failed', apiUnit, slotPattern])
    },
  }
}

const filesStep = (layout: Layout): Step => {
  const present = async (): Promise<string[]> => {
    const { paths } = layout
    const own = layout.scope === 'system' ? [layout.polkitRules, layout.tmpfiles, layout.sysusers] : []
    return [
      ...((await isOurCommand(layout)) ? [layout.command] : []),
      ...own.filter((path) => existsSync(path)),
      ...(await entriesOf(paths.lib)).filter(isOwnEntry).map((name) => join(paths.lib, name)),
    ]
  }
  const emptyLib = async (): Promise<boolean> =>
    existsSync(layout.paths.lib) && (await entriesOf(layout.paths.lib)).length === 0
  return {
    id: 'files',
    async changes() {
      const paths = await present()
      return [...paths, ...((await emptyLib()) ? [layout.paths.lib] : [])].map((path) => `remove ${path}`)
    },
    async apply() {
      await removeFiles(await present())
      // Files that somebody else put beside the versions stay, and so does their folder.
      if (await emptyLib()) await rmdir(layout.paths.lib)
    },
  }
}

const entriesOf = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw storageError(error, folder, 'look into a folder')
  }
}

const dataStep = ({ paths }: Layout, { programs }: UninstallTools): Step => {
  const present = (): string[] => [paths.config, paths.data].filter((path) => existsSync(path))
  return {
    id: 'data',
    changes: async () => present().map((path) => `remove ${path} with everything in it`),
    async apply() {
      // rm(1) resolves each name from an open folder: nothing that hal0's user could put there can lead it elsewhere.
      for (const path of present())
        await programs.run('rm', ['--recursive', '--force', '--one-file-system', '--', path])
    },
  }
}

const usersStep = ({ programs }: UninstallTools): Step => ({
  id: 'users',
  async changes() {
    const changes: string[] = []
    for (const name of [slotUser, apiUser]) {
      if ((await findUser(programs, name)) !== null) changes.push(`remove the user ${name}`)
      else if (await groupExists(programs, name)) changes.push(`remove the group ${name}`)
    }
    return changes
  },
  async apply() {
    for (const name of [slotUser, apiUser]) {
      if ((await findUser(programs, name)) !== null) await programs.run('userdel', [name])
      // userdel removes the group of the same name too, unless it has other members or login.defs says otherwise.
      if (await groupExists(programs, name)) await programs.run('groupdel', [name])
    }
  },
})

/** @param purge also removes configuration, models, engines and logs, and the users who own them */
export const uninstallPlan = (layout: Layout, tools: UninstallTools, purge: boolean): Step[] => [
  stopStep(tools),
  unitsStep(layout, tools),
  filesStep(layout),
  ...(purge ? [dataStep(layout, tools)] : []),
  ...(purge && layout.scope === 'system' ? [usersStep(tools)] : []),
]
