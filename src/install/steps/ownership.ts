/** Makes sure that the data folders belong to the API's user, and that the backends can read what they need. */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { enginesDir, hubTokenFile, modelsDir, privateInSlots, slotsDir } from '../../system/paths.ts'
import { slotUser } from '../../system/systemd/unit/slot-user.ts'
import { findUser } from '../accounts.ts'
import { apiUser, type SystemLayout } from '../layout.ts'
import { checkOwners, type Rule } from '../owned-tree.ts'
import type { Programs } from '../programs.ts'
import type { Step } from '../step.ts'

interface Area {
  path: string
  rule: Rule
  skip: string[]
}

const areas = async ({ paths }: SystemLayout, programs: Programs): Promise<Area[]> => {
  const [api, slot] = [await findUser(programs, apiUser), await findUser(programs, slotUser)]
  if (api === null || slot === null) return []
  const slots = slotsDir(paths)
  const shared = [slots, modelsDir(paths), enginesDir(paths)]
  const apiOnly = { uid: api.uid, readers: null }
  return [
    // The hub token has a step of its own, which also restricts its mode.
    { path: paths.config, rule: apiOnly, skip: [basename(hubTokenFile(paths))] },
    { path: paths.data, rule: apiOnly, skip: shared.map((path) => basename(path)) },
    ...shared.map((path) => ({
      path,
      rule: { uid: api.uid, readers: slot.gid, ownerOnly: path === slots ? privateInSlots : [] },
      skip: [],
    })),
  ]
}

export const ownershipStep = (layout: SystemLayout, programs: Programs): Step => ({
  id: 'owners',
  async changes(pending) {
    const { config, data } = layout.paths
    if (pending.has('users')) {
      return [config, data].filter(existsSync).map((path) => `give everything below ${path} to ${apiUser}`)
    }
    const changes: string[] = []
    for (const { path, rule, skip } of await areas(layout, programs)) {
      const wrong = await checkOwners(path, rule, false, skip)
      const readers = rule.readers === null ? '' : `, readable by ${slotUser}`
      if (wrong > 0) changes.push(`give ${wrong} file${wrong === 1 ? '' : 's'} below ${path} to ${apiUser}${readers}`)
    }
    return changes
  },
  async apply() {
    for (const { path, rule, skip } of await areas(layout, programs)) await checkOwners(path, rule, true, skip)
  },
  withoutIt: 'hal0 runs, but may not be able to read or change what belongs to others.',
})
