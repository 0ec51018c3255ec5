import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { losesPatience, nextProbeMs } from '../../../../src/slots/run/effects/probe-policy.ts'

/** How late the policy notices a backend that becomes ready at `readyAt`, when each probe takes `costMs`. */
const lag = (readyAt: number, expected: number | null, random: () => number, costMs: number): number => {
  let now = 0
  for (;;) {
    now += costMs
    if (now - costMs >= readyAt) return now - readyAt
    now += nextProbeMs(now, expected, random())
  }
}

test('ready is noticed within 50 ms or 5 % of the load time, whatever was expected (spec §2.2)', () => {
  const loads = fc.double({ min: 0, max: 600_000, noNaN: true })
  const expectations = fc.option(fc.double({ min: 1, max: 600_000, noNaN: true }))
  fc.assert(
    fc.property(
      loads,
      expectations,
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (readyAt, expected, stream) => {
        const late = lag(readyAt, expected, () => stream.next().value ?? 0.5, 3)
        if (late > Math.max(50, readyAt * 0.05)) throw new Error(`${late} ms late after ${readyAt} ms`)
      },
    ),
    { numRuns: 300 },
  )
})

test('a long load costs few probes', () => {
  let probes = 0
  for (let now = 0; now < 300_000; now += nextProbeMs(now, null, 0.5)) probes++
  expect(probes).toBeLessThan(500)
})

test('around the expected time it looks closer', () => {
  expect(nextProbeMs(30_000, 30_000, 0.5)).toBeLessThan(nextProbeMs(30_000, null, 0.5))
})

test('patience ends after five bad answers over two seconds, not after one', () => {
  expect(losesPatience(60_000, 1)).toBe(false)
  expect(losesPatience(100, 50)).toBe(false)
  expect(losesPatience(2000, 5)).toBe(true)
})
