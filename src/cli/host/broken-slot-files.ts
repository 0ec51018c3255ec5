/** The slots' files that the daemon could not use, in its words: also while none runs. */
import { commonDefaults } from '../../contract/slot-config.ts'
import type { SlotFileFact } from '../../install/doctor/facts.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { providerTable } from '../../providers/table.ts'
import { Sections } from '../../slots/config/sections.ts'
import { SlotConfigStore } from '../../slots/store/config-store.ts'
import type { Paths } from '../../system/paths.ts'

/** The key that `hal0 slot edit --unset` would mend; null: there is none, or more than one thing is wrong. */
const resettableOf = ({ param, details }: Hal0Error): string | null => {
  const isAlone = Array.isArray(details.problems) && details.problems.length === 1
  return isAlone && param !== null && Object.hasOwn(commonDefaults, param) ? param : null
}

/** @throws Hal0Error `storage.failed` when the folder cannot be read */
export const brokenSlotFiles = async (paths: Paths): Promise<SlotFileFact[]> => {
  const [first, ...others] = providerTable
  const store = new SlotConfigStore(paths, new Sections([first.section, ...others.map(({ section }) => section)]))
  const broken: SlotFileFact[] = []
  for (const slot of (await store.names()) ?? []) {
    try {
      await store.read(slot)
    } catch (error) {
      if (!(error instanceof Hal0Error)) throw error
      broken.push({ slot, problem: error.message, resettable: resettableOf(error) })
    }
  }
  return broken
}
