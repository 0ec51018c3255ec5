import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Estimate, observe, startEstimate, throughput, timeLeft } from '../../../src/models/progress/estimate.ts'

const total = 10_000_000
/** Steps of a download: elapsed time in ms, and the bytes that arrive in it. */
const steps = fc.array(fc.tuple(fc.nat(3000), fc.nat(500_000)), { maxLength: 60 })

test('the time left is never negative, never NaN, and 0 once everything has arrived', () => {
  fc.assert(
    fc.property(steps, (list) => {
      let [now, received] = [1000, 0]
      let estimate = startEstimate(now, received)
      for (const [ms, bytes] of list) {
        now += ms
        received = Math.min(total, received + bytes)
        estimate = observe(estimate, now, received)
        const left = timeLeft(estimate, received, total)
        if (left !== null) expect(left).toBeGreaterThanOrEqual(0)
        if (received === total) expect(left).toBe(0)
        const rate = throughput(estimate)
        if (rate !== null) expect(Number.isFinite(rate) && rate >= 0).toBe(true)
      }
    }),
  )
})

/** The estimates of a download that receives `bytes(n)` in its n-th tick. */
const follow = (ticks: number, tickMs: number, bytes: (n: number) => number, start = 0): [Estimate, number][] => {
  let [now, received] = [0, start]
  let estimate = startEstimate(now, received)
  return Array.from({ length: ticks }, (_, n) => {
    now += tickMs
    received += bytes(n)
    estimate = observe(estimate, now, received)
    return [estimate, received]
  })
}

test('a steady rate is exact from the first observation on', () => {
  for (const [estimate, received] of follow(20, 250, () => 50_000)) {
    expect(throughput(estimate)).toBeCloseTo(200_000, 3)
    expect(timeLeft(estimate, received, total)).toBeCloseTo((total - received) / 200_000, 6)
  }
})

test('bytes from before a resume do not count as throughput', () => {
  const [[estimate] = []] = follow(1, 1000, () => 1000, 9_000_000)
  expect(throughput(estimate as Estimate)).toBeCloseTo(1000, 6)
})

test('one burst a second does not make the time left jump: it changes by less than a fifth from tick to tick after ten seconds', () => {
  const lefts = follow(120, 250, (n) => (n % 4 === 3 ? 80_000 : 0)).map(([estimate, received]) =>
    timeLeft(estimate, received, total),
  )
  for (let n = 40; n < lefts.length; n++) {
    const [before, after] = [lefts[n - 1] ?? 0, lefts[n] ?? 0]
    expect(Math.abs(after - before) / before, `tick ${n}`).toBeLessThan(0.2)
  }
})

test('a doubled rate is mostly reflected after ten seconds', () => {
  const [estimate] = follow(80, 250, (n) => (n < 40 ? 25_000 : 50_000)).at(-1) ?? []
  const rate = throughput(estimate as Estimate) ?? 0
  expect(rate).toBeGreaterThan(180_000)
  expect(rate).toBeLessThanOrEqual(200_000)
})

test('there is no estimate of the time left before anything has arrived', () => {
  const [estimate] = follow(4, 1000, () => 0).at(-1) ?? []
  expect(timeLeft(estimate as Estimate, 0, total)).toBeNull()
})
