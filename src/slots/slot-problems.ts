/** What is not in order with the slots, in sentences: their files, their disk, and what two of them both want. */
import { existsSync } from 'node:fs'
import { conflictsOf } from './conflicts.ts'
import type { Entry } from './slot-book.ts'

/** @param entries every slot, ordered by name */
export const problemsOfSlots = (entries: readonly Entry[]): string[] => {
  const each = entries.flatMap(({ owner, configError, damage }) => {
    const isThere = damage !== null && (damage.aside === null || existsSync(damage.aside))
    const errors = [configError, owner.writer.problem, owner.stopProblem]
    return [...errors.map((error) => error?.message), isThere ? damage.problem : undefined]
  })
  const sentences = each.filter((one) => one !== undefined)
  return [...conflictsOf(entries.map(({ owner }) => owner.config)), ...sentences]
}
