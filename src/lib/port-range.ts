/** Parses a port range as written in hal0.toml. Pure. */

/** @param text e.g. "8081-8099" @returns null if it is not a port range */
export const portRangeOf = (text: string): { first: number; last: number } | null => {
  const [first, last] = text.split('-').map(Number)
  if (first === undefined || last === undefined || !(first >= 1 && first <= last && last <= 65_535)) return null
  return { first, last }
}
