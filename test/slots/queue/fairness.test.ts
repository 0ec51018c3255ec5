/** What the turns of a slot's queue promise, with thousands of random requests in simulated time. */
import { describe, expect, test } from 'bun:test'
import { agingMs } from '../../../src/slots/queue/turns.ts'
import { seeded } from '../../models/pull/seeded.ts'
import { type Arrival, type Fate, play } from './simulated-traffic.ts'

const arrivals = 10_000
/** Nobody is refused for lack of room or time, so that every wait is seen to its end. */
const roomy = { queue_length: 65_536, queue_wait_s: 31_536_000 }

const waitOf = ({ at, grantedAt }: Fate): number => (grantedAt ?? Number.POSITIVE_INFINITY) - at

interface Mix {
  seed: number
  places: number
  callers: number
  longestMs: number
  /** Requests for each that the places could serve: more than 1 is an overload. */
  load: number
}

/** Bursts of some callers among a stream of others; some are batch work, some clients leave. */
const randomArrivals = ({ seed, places, callers, longestMs, load }: Mix): Arrival[] => {
  const random = seeded(seed)
  const below = (count: number): number => Math.floor(random() * count)
  const gapMs = longestMs / 2 / places / load
  let at = 0
  const all: Arrival[] = []
  while (all.length < arrivals) {
    at += Math.ceil(random() * 2 * gapMs)
    const caller = `caller ${below(callers)}`
    const priority = random() < 0.3 ? 'batch' : 'interactive'
    const size = random() < 0.02 ? 1 + below(30) : 1
    for (let one = 0; one < size && all.length < arrivals; one++) {
      const patience = random() < 0.05 ? { patienceMs: 1 + below(20 * longestMs) } : {}
      all.push({ at, caller, priority, holdsMs: 1 + below(longestMs), ...patience })
    }
    at += Math.ceil((size - 1) * gapMs)
  }
  return all
}

describe('no request waits longer than docs/slots.md says', () => {
  const seeds = [Date.now() >>> 0, 1, 2]
  for (const [index, shape] of [
    { places: 1, callers: 4, longestMs: 2000, load: 0.9 },
    { places: 4, callers: 30, longestMs: 5000, load: 0.95 },
    { places: 3, callers: 200, longestMs: 20_000, load: 0.98 },
  ].entries()) {
    const mix = { seed: seeds[index] ?? 0, ...shape }
    test(`${arrivals} random arrivals: ${JSON.stringify(mix)}`, () => {
      const { fates, mostCallers } = play(randomArrivals(mix), { ...roomy, max_in_flight: mix.places })
      let closest = 0
      for (const fate of fates) {
        expect(fate.refused).toBeNull()
        if (fate.left) continue
        const aged = fate.priority === 'batch' ? agingMs(roomy) : 0
        const bound = aged + Math.ceil((Math.max(1, fate.ownWaiting) * mostCallers) / mix.places) * mix.longestMs
        if (waitOf(fate) > bound) throw new Error(`${JSON.stringify(fate)} waited longer than ${bound} ms`)
        closest = Math.max(closest, waitOf(fate) / bound)
      }
      // Or it would show nothing.
      expect(fates.some(({ position }) => position !== null && position > 5)).toBe(true)
      console.log(`the wait that came closest to its bound: ${Math.round(closest * 100)} % of it`)
    })
  }
})

describe('one caller’s hundred requests', () => {
  const hundred = Array.from({ length: 100 }, (): Arrival => ({ at: 0, caller: 'flood', holdsMs: 1000 }))
  for (const at of [1, 500, 30_500, 60_500]) {
    test(`do not stand before another’s one that comes after ${at} ms`, () => {
      const one: Arrival = { at, caller: 'one', holdsMs: 1000 }
      const { fates } = play([...hundred, one], { ...roomy, max_in_flight: 1 })
      const fate = fates.at(-1) as Fate
      // The one that is at the backend ends, and at most one more has its turn.
      expect(waitOf(fate)).toBeLessThanOrEqual(2000)
      expect(fate.position).toBeLessThanOrEqual(2)
      expect(fates.every(({ grantedAt }) => grantedAt !== null)).toBe(true)
    })
  }
  test('do not fill the queue for another’s one', () => {
    const settings = { max_in_flight: 1, queue_length: 8, queue_wait_s: 31_536_000 }
    const { fates } = play([...hundred, { at: 500, caller: 'one', holdsMs: 1000 }], settings)
    expect(fates.at(-1)).toMatchObject({ refused: null, grantedAt: 2000 })
    // 1 at the backend, 8 that wait, and the last of those made room.
    expect(fates.filter(({ refused }) => refused === null).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 100])
  })
  test('are served in the order in which they came where there is nobody else', () => {
    const { fates } = play(hundred, { ...roomy, max_in_flight: 2 })
    expect(fates.map(({ grantedAt }) => grantedAt)).toEqual(fates.map(({ id }) => Math.floor(id / 2) * 1000))
    expect(fates.map(({ position }) => position)).toEqual(fates.map(({ id }) => (id < 2 ? null : id - 1)))
  })
})

describe('batch work', () => {
  const everySecond = (caller: (second: number) => string): Arrival[] =>
    Array.from({ length: 600 }, (_, second) => ({ at: second * 1000, caller: caller(second), holdsMs: 1250 }))
  for (const [who, caller] of [
    ['one caller', () => 'endless'],
    ['ever new callers', (second: number) => `new ${second}`],
  ] as const) {
    test(`gets its turns under an endless interactive load of ${who}`, () => {
      const batch = Array.from(
        { length: 5 },
        (): Arrival => ({ at: 10, caller: 'batch', priority: 'batch', holdsMs: 1250 }),
      )
      const { fates, mostCallers } = play(
        [...batch, ...everySecond(caller)].sort((a, b) => a.at - b.at),
        {
          ...roomy,
          max_in_flight: 1,
        },
      )
      const waits = fates.filter(({ caller: one }) => one === 'batch').map(waitOf)
      for (const [index, wait] of waits.entries()) {
        expect(wait).toBeGreaterThanOrEqual(30_000 - 1250)
        expect(wait).toBeLessThanOrEqual(30_000 + (index + 1) * mostCallers * 1250)
      }
      expect(Math.min(...waits)).toBeLessThan(32_000)
    })
  }
})

test('a client that leaves frees its place in the queue, and those behind it move up', () => {
  const at = (ms: number, more: Partial<Arrival> = {}): Arrival => ({ at: ms, caller: 'a', holdsMs: 1000, ...more })
  const settings = { max_in_flight: 1, queue_length: 2 }
  const { fates } = play([at(0), at(1, { patienceMs: 100 }), at(2), at(50), at(200)], settings)
  expect(fates.map(({ grantedAt, left, refused }) => (left ? 'left' : (refused ?? grantedAt)))).toEqual([
    0,
    'left',
    1000,
    'slot.queue_full',
    2000,
  ])
})
