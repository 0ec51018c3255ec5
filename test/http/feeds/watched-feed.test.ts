import { beforeEach, expect, test } from 'bun:test'
import type { FeedReader } from '../../../src/http/feeds/feed-reader.ts'
import { WatchedFeed } from '../../../src/http/feeds/watched-feed.ts'
import { HandClock } from '../../support/hand-clock.ts'

let clock: HandClock
let looks: number
let values: Record<string, string>
let feed: WatchedFeed
beforeEach(() => {
  clock = new HandClock()
  looks = 0
  values = { a: '1', b: '1' }
  feed = new WatchedFeed(() => {
    looks++
    return new Map(Object.entries(values).map(([key, data]) => [key, { event: key, data }]))
  }, clock)
})

const readerInto = (got: string[]): FeedReader => ({
  send: ({ event, data }) => void got.push(`${event}${data}`),
  offer: () => {
    throw new Error('each value has to arrive')
  },
  drained: async () => {},
  close: () => {},
})

test('a reader gets every value, and then each that has changed, within a second', () => {
  const got: string[] = []
  feed.follow(readerInto(got))
  expect(got).toEqual(['a1', 'b1'])
  values.b = '2'
  clock.advance(1000)
  clock.advance(1000)
  expect(got).toEqual(['a1', 'b1', 'b2'])
})

test('what a second reader finds changed is told to the first one too', () => {
  const [first, second]: string[][] = [[], []]
  feed.follow(readerInto(first ?? []))
  values.a = '2'
  feed.follow(readerInto(second ?? []))
  expect(second).toEqual(['a2', 'b1'])
  clock.advance(1000)
  expect(first).toEqual(['a1', 'b1', 'a2'])
})

test('nobody looks while nobody listens', () => {
  const end = feed.follow(readerInto([]))
  const again = feed.follow(readerInto([]))
  end()
  clock.advance(3000)
  expect(looks).toBe(5)
  again()
  clock.advance(60_000)
  expect([looks, clock.waiting]).toEqual([5, 0])
})
