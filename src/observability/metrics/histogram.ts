/** Counts values by size. Observing one allocates nothing. */
export class Histogram {
  /** Upper bounds of all buckets but the last, which has none; ascending. */
  readonly bounds: readonly number[]
  /** How many values are in each bucket, and in none of the smaller ones. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const { bounds, counts } = this
    let at = 0
    while (at < bounds.length && value > (bounds[at] ?? 0)) at++
    counts[at] = (counts[at] ?? 0) + 1
    this.sum += value
  }
}
