import { expect, test } from 'bun:test'
import { turn } from '../../../../src/lib/clock.ts'
import { fetchSegment } from '../../../../src/models/pull/download/fetch-segment.ts'
import type { Origin } from '../../../../src/models/pull/origin/origin.ts'
import { HandClock } from '../../../support/hand-clock.ts'

const size = 3
/** Says that it sends three bytes, and sends `chunks`, one as soon as the one before was taken. */
const origin = (chunks: number[][]): Origin => ({
  open: async () => ({
    status: 206,
    contentRange: { from: 0, to: size, size },
    contentLength: size,
    contentEncoding: null,
    etag: null,
    body: new ReadableStream<Uint8Array>(
      {
        start(controller) {
          for (const chunk of chunks) controller.enqueue(Uint8Array.from(chunk))
          controller.close()
        },
      },
      { highWaterMark: 0 },
    ),
  }),
})

/** @param pauses after each chunk, ms */
const fetchSlowly = (pauses: (bytes: number) => number, chunks = [[1], [2], [3]]) => {
  const clock = new HandClock()
  const stop = new AbortController()
  const written: number[] = []
  const told: number[] = []
  const end = fetchSegment('x', {
    origin: origin(chunks),
    clock,
    buffer: new Uint8Array(16),
    stallMs: 30_000,
    signal: stop.signal,
    question: { range: [0, size], size, whole: false },
    etag: () => null,
    onEtag: () => {},
    write: (bytes) => written.push(...bytes),
    pause: (bytes) => {
      told.push(bytes)
      return pauses(bytes)
    },
  })
  return { clock, stop, written, told, end }
}

const turns = async (): Promise<void> => {
  for (let no = 0; no < 10; no++) await turn()
}

test('nothing is read while it shall pause, and then all of it', async () => {
  const { clock, told, written, end } = fetchSlowly((bytes) => bytes * 100)
  await turns()
  expect(told).toEqual([0, 1])
  clock.advance(99)
  await turns()
  expect(told).toEqual([0, 1])
  for (const expected of [3, 4]) {
    clock.advance(100)
    await turns()
    expect(told).toHaveLength(expected)
  }
  clock.advance(100)
  expect(await end).toEqual({ kind: 'complete' })
  expect([told, written]).toEqual([
    [0, 1, 1, 1],
    [1, 2, 3],
  ])
})

test('cancelled while it pauses it ends at once, and what came is written', async () => {
  const { stop, written, end } = fetchSlowly((bytes) => bytes * 10_000)
  await turns()
  stop.abort()
  expect(await end).toEqual({ kind: 'aborted' })
  expect(written).toEqual([1])
})

// Only the buffer that it was in: on a slow machine, or of a long range, earlier ones are written before the excess is seen.
test.each([
  [[[1, 2, 3, 4]]],
  [[[1], [2], [3], [4]]],
  [
    [
      [1, 2],
      [3, 4],
    ],
  ],
])('of a body that goes on past its end nothing that came with the excess is written: %j', async (chunks) => {
  const { written, end } = fetchSlowly(() => 0, chunks)
  expect(await end).toMatchObject({
    kind: 'broken',
    error: { message: expect.stringContaining('more than it announced') },
  })
  expect(written).toEqual([])
})
