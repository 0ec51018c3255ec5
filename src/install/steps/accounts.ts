/** The users that hal0 needs, and their access to the GPUs. */

import { slotUser } from '../../system/systemd/unit/slot-user.ts'
import { findUser, groupExists, groupsOf } from '../accounts.ts'
import { apiUser, type SystemLayout } from '../layout.ts'
import type { Programs } from '../programs.ts'
import { sysusersFile } from '../service/unit-files.ts'
import type { Step } from '../step.ts'
import { textFileChanges, writeTextFiles } from './text-files.ts'

export const accountsStep = (layout: SystemLayout, programs: Programs): Step => {
  const file = sysusersFile(layout)
  return {
    id: 'users',
    async changes() {
      const changes = await textFileChanges([file])
      for (const name of [apiUser, slotUser]) {
        if ((await findUser(programs, name)) === null) changes.push(`make the user ${name}, who cannot log in`)
      }
      return changes
    },
    async apply() {
      await writeTextFiles([file])
      await programs.run('systemd-sysusers', [file.path])
    },
  }
}

/** Groups that own GPU devices on common distributions; a missing group is not created. */
const gpuGroups = ['render', 'video']

export const gpuGroupsStep = (programs: Programs): Step => {
  const missing = async (): Promise<string[]> => {
    const present: string[] = []
    for (const group of gpuGroups) if (await groupExists(programs, group)) present.push(group)
    const mine = new Set(await groupsOf(programs, slotUser))
    const numbers = new Map<string, number>()
    for (const group of present) {
      const [, , gid] = (await programs.run('getent', ['group', group])).split(':')
      numbers.set(group, Number(gid))
    }
    return present.filter((group) => !mine.has(numbers.get(group) ?? -1))
  }
  return {
    id: 'gpu-groups',
    changes: async () => (await missing()).map((group) => `put ${slotUser} into the group ${group}, for the GPUs`),
    async apply() {
      for (const group of await missing()) await programs.run('usermod', ['--append', '--groups', group, slotUser])
    },
    withoutIt: 'Slots run, but may not reach a GPU.',
  }
}
