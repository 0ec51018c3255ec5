import { expect, test } from 'bun:test'
import { Throttle } from '../../../../src/models/pull/origin/throttle.ts'

const lump = 500_000
/** What two processors' throttle lets through in a millisecond, bytes. */
const rate = 120_000

/** `connections` that take lump after lump, each as soon as it may, while requests come at `asked`. @returns bytes taken by `until`, ms */
const take = ({
  connections = 8,
  asked,
  until,
}: {
  connections?: number
  asked: (now: number) => number
  until: number
}): number => {
  let now = 0
  const throttle = new Throttle(() => asked(now), 2)
  const free = Array.from({ length: connections }, () => 0)
  let taken = 0
  // A lump needs a millisecond to arrive, so that an unbounded line brings 500 MB/s on each connection.
  for (; now < until; now++) {
    for (const [index, at] of free.entries()) {
      if (at > now) continue
      taken += lump
      free[index] = now + 1 + throttle.pause(now, lump)
    }
  }
  return taken
}

test('while no request is answered, bytes are taken as fast as they come', () => {
  expect(take({ asked: () => 7, until: 1000 })).toBe(8 * lump * 1000)
})

test.each([1, 2, 8])(
  'while requests are answered, %i connections together take 60 MB/s for each processor',
  (connections) => {
    const taken = take({ connections, asked: (now) => Math.floor(now / 200) + 1, until: 5000 })
    // The first 200 ms are before the first request.
    const before = connections * lump * 200
    expect(Math.abs(taken - before - rate * 4800) / (rate * 4800)).toBeLessThan(0.02)
  },
)

test('a quarter of a second after the last request it goes on at full speed', () => {
  let requests = 1
  const throttle = new Throttle(() => requests, 2)
  expect(throttle.pause(0, lump)).toBe(0)
  requests = 2
  throttle.pause(1, 10 * lump)
  expect(throttle.pause(251, 10 * lump)).toBeGreaterThan(0)
  expect(throttle.pause(252, 10 * lump)).toBe(0)
})

test('after a rest no more comes at once than in 10 ms', () => {
  let requests = 0
  const throttle = new Throttle(() => ++requests, 1)
  throttle.pause(0, 1)
  expect(throttle.pause(10_000, 600_000)).toBe(0)
  expect(throttle.pause(10_000, 600_000)).toBeCloseTo(10)
})

test('hashing rests after each piece while requests are answered, and goes on at twice the speed of receiving', () => {
  let requests = 0
  const throttle = new Throttle(() => requests, 1)
  expect(throttle.rest(0, 600_000)).toBe(0)
  requests++
  expect(throttle.rest(1, 600_000)).toBe(5)
  expect(throttle.rest(252, 600_000)).toBe(0)
})
