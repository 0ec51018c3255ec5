/** Problems of the slots, in sentences: with their files, with their disk, and with what two of them both want. */
import { existsSync } from 'node:fs'
import { fileProblem } from './config/file-problem.ts'
import { conflictsOf } from './conflicts.ts'
import type { Planner } from './run/planner.ts'
import type { Entry } from './slot-owners.ts'

/** @param entries every slot, ordered by name */
export const problemsOfSlots = (entries: readonly Entry[], planner: Pick<Planner, 'check'>): string[] => {
  const each = entries.flatMap((entry) => {
    const { owner, configError, damage, oddities } = entry
    const isThere = damage !== null && (damage.aside === null || existsSync(damage.aside))
    const errors = [owner.writer.problem, owner.stopProblem]
    return [
      fileProblem(configError, owner.config, planner),
      ...errors.map((error) => error?.message),
      isThere ? damage.problem : undefined,
      ...oddities.map((oddity) => `The file of slot ${owner.config.name} has ${oddity}`),
    ]
  })
  const sentences = each.filter((one) => one !== undefined)
  return [...conflictsOf(entries.map(({ owner }) => owner.config)), ...sentences]
}
