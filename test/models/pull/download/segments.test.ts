import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Range, Ranges } from '../../../../src/lib/ranges.ts'
import { nextSegment } from '../../../../src/models/pull/download/segments.ts'

const size = 200
const someRanges = fc.array(
  fc.tuple(fc.nat(size), fc.nat(size)).map(([a, b]): Range => [Math.min(a, b), Math.max(a, b)]),
  { maxLength: 12 },
)

/** The set as one flag a byte: what Ranges must be equal to. */
const flags = (ranges: readonly Range[]): boolean[] => {
  const has = Array.from({ length: size }, () => false)
  for (const [from, to] of ranges) has.fill(true, from, to)
  return has
}

test('Ranges holds exactly the bytes that were added, sorted, without overlap or touch', () => {
  fc.assert(
    fc.property(someRanges, (added) => {
      const ranges = new Ranges(added)
      const has = flags(added)
      expect(flags(ranges.toArray())).toEqual(has)
      expect(ranges.total).toBe(has.filter(Boolean).length)
      const first = has.indexOf(false)
      expect(ranges.front).toBe(first < 0 ? size : first)
      const list = ranges.toArray()
      list.forEach(([from, to], index) => {
        expect(from).toBeLessThan(to)
        expect(from).toBeGreaterThan(list[index - 1]?.[1] ?? -1)
      })
    }),
  )
})

test('segments cover what is missing, each byte once, lowest first, none longer than allowed', () => {
  fc.assert(
    fc.property(someRanges, fc.integer({ min: 1, max: 80 }), (written, longest) => {
      const known = new Ranges(written)
      const claimed: Range[] = []
      for (;;) {
        const next = nextSegment(size, known, claimed, longest)
        if (next === null) break
        expect(next[1] - next[0]).toBeGreaterThan(0)
        expect(next[1] - next[0]).toBeLessThanOrEqual(longest)
        expect(next[0]).toBeGreaterThanOrEqual(claimed.at(-1)?.[1] ?? 0)
        claimed.push(next)
      }
      const covered = Array.from({ length: size }, () => 0)
      for (const [from, to] of [...known.toArray(), ...claimed]) {
        for (let at = from; at < to; at++) covered[at] = (covered[at] ?? 0) + 1
      }
      expect(covered.every((times) => times === 1)).toBe(true)
    }),
  )
})

test('a file without bytes needs no segment', () => {
  expect(nextSegment(0, new Ranges(), [], 10)).toBeNull()
})
