/** The stream of all pulls, with a clock that is moved by hand. */
import { expect, test } from 'bun:test'
import type { Pull } from '../../../src/contract/models/pull.ts'
import { PullFeed } from '../../../src/http/feeds/pull-feed.ts'
import { defaultStreamLimits, EventStreams } from '../../../src/http/feeds/sse.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { FakePulls } from '../support/fake-services.ts'

class HandWall extends HandClock {
  offset = 1_000_000

  wall(): number {
    return this.offset + this.now()
  }
}

interface Told {
  id: number
  pull: Pull
}

const setUp = (clock = new HandWall()) => {
  const pulls = new FakePulls()
  let marks = 0
  pulls.list = () => []
  const feed = new PullFeed(pulls, new EventStreams(defaultStreamLimits), clock)
  const publish = (id: string, changes: Partial<Pull> = {}): void =>
    pulls.changed.publish({ ...pulls.get('tiny'), id, ...changes })
  /** @returns a function that answers the events since it was called before */
  const open = (lastEventId?: string, only?: string): (() => Promise<Told[]>) => {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    const request = new Request('http://127.0.0.1/api/pulls/events', { headers })
    const { body } = only === undefined ? feed.openAll(request) : feed.openOne(request, only)
    const reader = body?.getReader()
    return async () => {
      // A mark, so that there is always something to read.
      marks += 1
      publish(`mark-${marks}`, { phase: 'done' })
      const { value } = (await reader?.read()) ?? {}
      const told = new TextDecoder()
        .decode(value)
        .split('\n\n')
        .flatMap((block): Told[] => {
          const match = /^event: pull\nid: (\d+)\ndata: (.*)$/.exec(block)
          return match === null ? [] : [{ id: Number(match[1]), pull: JSON.parse(match[2] ?? '') as Pull }]
        })
      return told.filter(({ pull }) => !pull.id.startsWith('mark-'))
    }
  }
  return { pulls, clock, publish, open }
}
const idsOf = (told: Told[]) => told.map(({ pull }) => pull.id)

test('a fresh client gets one event per pull, then every change, with ids that grow', async () => {
  const { publish, open } = setUp()
  publish('a')
  publish('b', { position: 1 })
  const read = open()
  const snapshot = await read()
  expect(idsOf(snapshot)).toEqual(['a', 'b'])
  expect(snapshot[1]?.pull).toMatchObject({ position: 1, request: { repo: 'owner/repo', file: 'x.gguf' } })
  publish('c')
  const ids = [...snapshot, ...(await read())].map(({ id }) => id)
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
  expect(ids).toHaveLength(3)
})

test('a pull has at most four events a second, and always its last at once', async () => {
  const { clock, publish, open } = setUp()
  const read = open(undefined)
  let told = 0
  for (let tick = 0; tick < 100; tick++) {
    publish('a', { bytes_received: tick })
    clock.advance(10)
  }
  const events = await read()
  told += events.length
  expect(told).toBe(3)
  publish('a', { bytes_received: 100, phase: 'done' })
  const [last] = await read()
  expect(last?.pull).toMatchObject({ phase: 'done', bytes_received: 100 })
})

test('many changes at once end with the newest, and no second has more than four, ends of pulls included', async () => {
  const { clock, publish, open } = setUp()
  const read = open()
  const times: number[] = []
  let newest: Pull | undefined
  for (let step = 0; step < 400; step++) {
    publish('a', { bytes_received: step, phase: step % 7 === 0 ? 'cancelled' : 'downloading' })
    clock.advance(10)
    for (const { pull } of await read()) {
      times.push(clock.now())
      newest = pull
    }
  }
  clock.advance(1000)
  for (const { pull } of await read()) newest = pull
  expect(newest?.bytes_received).toBe(399)
  for (const time of times) expect(times.filter((one) => one >= time && one < time + 990).length).toBeLessThanOrEqual(4)
})

test('a client that comes back gets the pulls that have changed since, and no others', async () => {
  const { clock, publish, open } = setUp()
  for (const id of ['a', 'b', 'c']) publish(id)
  const read = open()
  const last = String((await read()).at(-1)?.id)
  clock.advance(1000)
  publish('b', { bytes_received: 7 })
  publish('b', { bytes_received: 8, phase: 'done' })
  const missed = await open(last)()
  expect(missed.map(({ pull }) => [pull.id, pull.bytes_received, pull.phase])).toEqual([['b', 8, 'done']])
  expect(await open(String(missed[0]?.id))()).toEqual([])
})

test('one that was cut off in the middle of its first events continues there', async () => {
  const { publish, open } = setUp()
  for (const id of ['a', 'b', 'c']) publish(id)
  const [first] = await open()()
  expect(idsOf(await open(String(first?.id))())).toEqual(['b', 'c'])
})

for (const id of ['', '0', '-1', '1e9', 'x', '9'.repeat(16), '9'.repeat(40), '1000500']) {
  test(`the id "${id}", which this daemon never gave, gets everything`, async () => {
    const { publish, open } = setUp()
    for (const one of ['a', 'b']) publish(one)
    expect(idsOf(await open(id)())).toEqual(['a', 'b'])
  })
}

test('ids grow when the clock is set back', async () => {
  const { clock, publish, open } = setUp()
  const read = open()
  publish('a')
  clock.offset = 5
  clock.advance(1000)
  publish('a')
  const [first, second] = await read()
  expect(second?.id).toBeGreaterThan(first?.id ?? Number.POSITIVE_INFINITY)
})

test('the stream of one pull begins with its current state, and has no other pull', async () => {
  const { clock, publish, open } = setUp()
  publish('tiny')
  publish('b')
  const read = open(undefined, 'tiny')
  expect(idsOf(await read())).toEqual(['tiny'])
  clock.advance(1000)
  publish('b')
  publish('tiny', { phase: 'done' })
  expect((await read()).map(({ pull }) => [pull.id, pull.phase])).toEqual([['tiny', 'done']])
  expect(() => open(undefined, 'none')).toThrow('There was no pull of none')
})
