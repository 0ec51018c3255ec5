/** Chooses the bytes to request next. Pure. */
import { type Range, Ranges } from '../../../lib/ranges.ts'

/**
 * The lowest bytes that are neither written nor requested, at most `longest` of them. Low ones come first, so that the checksum,
 * which follows the contiguous front, is never far behind. null if there are none.
 * @param claimed ranges of current requests
 */
export const nextSegment = (size: number, written: Ranges, claimed: Iterable<Range>, longest: number): Range | null => {
  const taken = new Ranges([...written.toArray(), ...claimed])
  const from = taken.front
  if (from >= size) return null
  const next = taken.toArray().find((range) => range[0] > from)
  return [from, Math.min(size, from + longest, next?.[0] ?? size)]
}
