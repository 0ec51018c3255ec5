/** Which targets a caller may use. Pure. */
import { type Caller, reaches } from '../../contract/caller.ts'
import type { TargetView } from './target.ts'

export const reachable = <T extends Pick<TargetView, 'slot'>>(
  targets: readonly T[],
  caller: Pick<Caller, 'slots'>,
): readonly T[] => (caller.slots === null ? targets : targets.filter(({ slot }) => reaches(caller, slot)))
