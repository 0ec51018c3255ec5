/** Why a slot's file cannot be used, in a sentence. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { WholeConfig } from '../../providers/provider.ts'
import type { Planner } from '../run/planner.ts'

/**
 * @param error of reading the file; null: it conforms to its schema
 * @param config what is in it
 * @returns undefined when the file can be used
 */
export const fileProblem = (
  error: Hal0Error | null,
  config: WholeConfig,
  planner: Pick<Planner, 'check'>,
): string | undefined => {
  if (error !== null) return error.message
  try {
    planner.check(config)
    return undefined
  } catch (refusal) {
    return `Slot ${config.name} cannot be loaded: ${Hal0Error.from(refusal).message} Correct its file, or: hal0 slot edit ${config.name}`
  }
}
