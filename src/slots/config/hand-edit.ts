/** Says what a hand edit of a slot's file changes, and when. Pure. */
import { isDeepStrictEqual } from 'node:util'
import { isAtOnce } from '../../contract/slot-config.ts'
import type { WholeConfig } from '../../providers/provider.ts'

type Table = Record<string, unknown>

const changedKeys = (before: Table, after: Table): string[] =>
  Object.keys(after).filter((key) => key !== 'section' && !isDeepStrictEqual(before[key], after[key]))

/** A sentence; null: nothing that hal0 knows has changed. */
export const handEditText = (before: WholeConfig, after: WholeConfig): string | null => {
  const keys = changedKeys({ ...before }, { ...after })
  const now = keys.filter(isAtOnce)
  const later = [...keys.filter((key) => !isAtOnce(key)), ...changedKeys(before.section, after.section)]
  const parts = [
    ...(now.length === 0 ? [] : [`${now.join(', ')} at once`]),
    ...(later.length === 0 ? [] : [`${later.join(', ')} at its next load`]),
  ]
  return parts.length === 0 ? null : `the file of slot ${after.name} was changed, which counts: ${parts.join('; ')}`
}
