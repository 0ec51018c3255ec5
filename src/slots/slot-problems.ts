/** Problems of the slots, in sentences: with their files, with their disk, and with what two of them both want. */
import { existsSync } from 'node:fs'
import { Hal0Error } from '../lib/hal0-error.ts'
import { conflictsOf } from './conflicts.ts'
import type { Planner } from './run/planner.ts'
import type { Entry } from './slot-owners.ts'

/** Why the provider refuses a file that conforms to its schema; undefined when it does not. */
const refusedBy = (planner: Pick<Planner, 'check'>, { owner: { config } }: Entry): string | undefined => {
  try {
    planner.check(config)
    return undefined
  } catch (error) {
    return `Slot ${config.name} cannot be loaded: ${Hal0Error.from(error).message} Correct its file, or: hal0 slot edit ${config.name}`
  }
}

/** @param entries every slot, ordered by name */
export const problemsOfSlots = (entries: readonly Entry[], planner: Pick<Planner, 'check'>): string[] => {
  const each = entries.flatMap((entry) => {
    const { owner, configError, damage } = entry
    const isThere = damage !== null && (damage.aside === null || existsSync(damage.aside))
    const errors = [configError, owner.writer.problem, owner.stopProblem]
    const refused = configError === null ? refusedBy(planner, entry) : undefined
    return [...errors.map((error) => error?.message), refused, isThere ? damage.problem : undefined]
  })
  const sentences = each.filter((one) => one !== undefined)
  return [...conflictsOf(entries.map(({ owner }) => owner.config)), ...sentences]
}
