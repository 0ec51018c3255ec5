import { describe, expect, test } from 'bun:test'
import { expectedWaitMs, type ServiceTimes, withService } from '../../../src/slots/queue/expected-wait.ts'

const busy = { inFlight: 2, maxInFlight: 2, ahead: 0, loadLeftMs: 0, serviceMs: 4000 }

describe('the expected wait', () => {
  test('is nothing where a place is free', () => {
    expect(expectedWaitMs({ ...busy, inFlight: 1 })).toBe(0)
    expect(expectedWaitMs({ ...busy, inFlight: 1, serviceMs: null })).toBe(0)
  })
  test('is the time in which the places for all before it, and its own, become free', () => {
    expect(expectedWaitMs(busy)).toBe(2000)
    expect(expectedWaitMs({ ...busy, ahead: 5 })).toBe(12_000)
  })
  test('is that of the load, and then of those that it does not serve at once', () => {
    const loading = { ...busy, inFlight: 0, loadLeftMs: 9000 }
    expect(expectedWaitMs({ ...loading, ahead: 1 })).toBe(9000)
    expect(expectedWaitMs({ ...loading, ahead: 2 })).toBe(11_000)
  })
  test('is not made up where nothing is known', () => {
    expect(expectedWaitMs({ ...busy, serviceMs: null })).toBeNull()
    expect(expectedWaitMs({ ...busy, loadLeftMs: null })).toBeNull()
  })
})

describe('how long requests are at the backend', () => {
  const of = (...ms: number[]): ServiceTimes | null =>
    ms.reduce<ServiceTimes | null>((times, one) => withService(times, 'a', one), null)
  test('is their average, in which old ones count less and less', () => {
    expect(of(1000, 3000)?.averageMs).toBe(2000)
    const slow = Array.from({ length: 100 }, () => 10_000)
    const fast = Array.from({ length: 48 }, () => 1000)
    expect(of(...slow, ...fast)?.averageMs).toBeLessThan(1600)
    expect(of(...slow, 1000)?.averageMs).toBeGreaterThan(9000)
  })
  test('begins anew with another model', () => {
    expect(withService(of(1000, 1000), 'b', 50)).toEqual({ model: 'b', averageMs: 50, count: 1 })
  })
})
