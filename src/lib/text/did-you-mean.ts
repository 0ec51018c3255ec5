/** What somebody may have meant by a word that does not exist. Pure. */

/** More than three are a list to read, not a hint. */
const most = 3

/**
 * Smallest number of letters that have to be added, removed, changed or swapped with their neighbour to make `b` of `a` (optimal
 * string alignment).
 */
export const editDistance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed, swapped))
    }
  }
  return at(a.length, b.length)
}

/** Too few letters for a slip to say anything about a part of a name. */
const fewest = 4

/** The distance if it is small enough to be a slip, one for every three letters; else null. */
const slips = (typed: string, known: string): number | null => {
  const allowed = Math.max(1, Math.floor(typed.length / 3))
  if (Math.abs(typed.length - known.length) > allowed) return null
  const distance = editDistance(typed, known)
  return distance <= allowed && distance < known.length ? distance : null
}

/** The parts with which a name begins, e.g. of a model's long id: somebody may have stopped behind one. */
const beginnings = (known: string): string[] => [...known.matchAll(/[-_.:]/g)].map(({ index }) => known.slice(0, index))

/** How far a candidate is from the word; null: too far to be meant. */
const farness = (word: string, candidate: string): number | null => {
  const [typed, known] = [word.toLowerCase(), candidate.toLowerCase()]
  const distance = slips(typed, known)
  if (distance !== null) return distance
  // Somebody who stopped half-way comes behind everything that is only misspelt.
  if (typed.length > 1 && known.startsWith(typed)) return known.length
  if (typed.length < fewest) return null
  const parts = beginnings(known).flatMap((part) => slips(typed, part) ?? [])
  return parts.length === 0 ? null : known.length + Math.min(...parts)
}

/** The candidates that are near the word, the nearest first; at most three. */
export const nearest = (word: string, candidates: Iterable<string>): string[] =>
  [...new Set(candidates)]
    .flatMap((candidate) => {
      const far = farness(word, candidate)
      return far === null ? [] : [{ candidate, far }]
    })
    .sort((a, b) => a.far - b.far)
    .slice(0, most)
    .map(({ candidate }) => candidate)

/** ` Did you mean A, B or C?` for the end of an error; '' if there are no names. At most three are named. */
export const askFor = (names: readonly string[]): string => {
  const near = names.slice(0, most)
  const last = near.pop()
  if (last === undefined) return ''
  return ` Did you mean ${near.length === 0 ? last : `${near.join(', ')} or ${last}`}?`
}

/** The same for the candidates that are near the word. */
export const didYouMean = (word: string, candidates: Iterable<string>): string => askFor(nearest(word, candidates))
