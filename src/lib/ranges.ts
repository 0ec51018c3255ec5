/** A set of byte offsets, kept as sorted ranges that neither overlap nor touch. Pure. */

/** [from, to): `to` is excluded. */
export type Range = readonly [from: number, to: number]

export class Ranges {
  #ranges: Range[] = []

  constructor(ranges: Iterable<Range> = []) {
    for (const [from, to] of ranges) this.add(from, to)
  }

  add(from: number, to: number): void {
    if (from >= to) return
    const before = this.#ranges.filter((range) => range[1] < from)
    const after = this.#ranges.filter((range) => range[0] > to)
    const touched = this.#ranges.slice(before.length, this.#ranges.length - after.length)
    const merged: Range = [Math.min(from, touched[0]?.[0] ?? from), Math.max(to, touched.at(-1)?.[1] ?? to)]
    this.#ranges = [...before, merged, ...after]
  }

  clear(): void {
    this.#ranges = []
  }

  /** How many bytes are in the set. */
  get total(): number {
    return this.#ranges.reduce((sum, [from, to]) => sum + to - from, 0)
  }

  /** The lowest offset that is not in the set. */
  get front(): number {
    const first = this.#ranges[0]
    return first?.[0] === 0 ? first[1] : 0
  }

  toArray(): Range[] {
    return [...this.#ranges]
  }
}
