import { expect, test } from 'bun:test'
import {
  connectionsFor,
  slowDown,
  startTuning,
  type Tuning,
  tune,
} from '../../../../src/models/pull/download/connections.ts'

/** Lets time go by with a throughput that depends on the number of connections. @returns the numbers that were used */
const live = (state: Tuning, ms: number, rate: (connections: number) => number, from = 0): [Tuning, number[]] => {
  let received = 0
  const used = [state.target]
  for (let now = from; now < from + ms; now += 50) {
    received += rate(state.target) * 50
    state = tune(state, now, received, true)
    if (state.target !== used.at(-1)) used.push(state.target)
  }
  return [state, used]
}

test('connections are added while each step brings more, up to the most allowed', () => {
  expect(live(startTuning(0, 8), 10_000, (n) => n * 1000)[1]).toEqual([2, 4, 8])
})

test('a step that brings less than a tenth more is taken back, and not tried again for a while', () => {
  expect(live(startTuning(0, 8), 20_000, (n) => 1000 + n)[1]).toEqual([2, 4, 2])
})

test('a rate limit halves the number for good', () => {
  const [fast] = live(startTuning(0, 8), 10_000, (n) => n * 1000)
  const slow = slowDown(fast, 10_000)
  expect(slow.target).toBe(4)
  expect(live(slow, 100_000, (n) => n * 1000, 10_000)[1]).toEqual([4])
  expect(slowDown(slowDown(slowDown(slow, 1), 2), 3).target).toBe(1)
})

test('while connections are not in use, their number is not judged', () => {
  let state = startTuning(0, 8)
  for (let now = 0; now < 10_000; now += 50) state = tune(state, now, now * 1000, false)
  expect(state.target).toBe(2)
})

test('a file of less than four segments gets one connection, and any file at least one', () => {
  const tuning = { ...startTuning(0, 8), target: 8 }
  expect([0, 3.9, 4, 100].map((segments) => connectionsFor(tuning, segments * 10, 10))).toEqual([1, 1, 2, 8])
})
