import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { afterFailure, type Failure, noFailures, type Retries } from '../../../../src/models/pull/download/retry.ts'
import { defaultSettings } from '../../../../src/models/pull/download/settings.ts'

const failure = (over: Partial<Failure>): Failure => ({
  now: 0,
  startedAt: 0,
  received: 0,
  retryAfterMs: null,
  ...over,
})
const patience = { ...defaultSettings, maxFailures: 4 }

/** Failures one after another, each of a request that was made after the one before. */
const fail = (times: number, over: Partial<Failure> = {}, random = 1): (number | null)[] => {
  let state: Retries = noFailures
  return Array.from({ length: times }, (_, n) => {
    const next = afterFailure(state, failure({ now: n * 10 + 5, startedAt: n * 10, ...over }), random, patience)
    state = next.state
    return next.delayMs
  })
}

test('the bound of the delay doubles, and after the set number of failures it is given up', () => {
  expect(fail(5)).toEqual([1000, 2000, 4000, 8000, null])
})

test('the bound never exceeds the longest delay', () => {
  const state = { failures: 9, received: 0, lastAt: 0 }
  expect(afterFailure(state, failure({ now: 9, startedAt: 8 }), 1, defaultSettings).delayMs).toBe(30_000)
})

test('the delay is spread over everything from nothing to its bound', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (random) => {
      expect(fail(1, {}, random)[0]).toBeCloseTo(random * 1000)
    }),
  )
})

test('progress makes the next failure the first', () => {
  const before: Retries = { failures: 4, received: 0, lastAt: 0 }
  const received = patience.progressBytes
  const { state, delayMs } = afterFailure(before, failure({ now: 9, startedAt: 8, received }), 1, patience)
  expect(delayMs).toBe(1000)
  expect(state).toMatchObject({ failures: 1, received })
})

test('progress of a few bytes is none: an origin that drips them is given up', () => {
  let state: Retries = noFailures
  let delay: number | null = 0
  let n = 0
  for (; delay !== null && n < 100; n++) {
    const next = afterFailure(state, failure({ now: n * 10 + 5, startedAt: n * 10, received: n }), 0, patience)
    state = next.state
    delay = next.delayMs
  }
  expect(n).toBe(5)
})

test('an outage that breaks eight connections counts once', () => {
  let state: Retries = noFailures
  for (let n = 0; n < 8; n++) {
    state = afterFailure(state, failure({ now: 100 + n, startedAt: n }), 0, patience).state
  }
  expect(state.failures).toBe(1)
})

test('what the origin asks for is waited for, and a pause without reason is not', () => {
  expect(fail(1, { retryAfterMs: 173_000 })).toEqual([173_000])
  expect(fail(1, { retryAfterMs: 3_600_000 })).toEqual([null])
  expect(fail(4, { retryAfterMs: 1500 })).toEqual([1500, 2000, 4000, 8000])
})
