import { expect, test } from 'bun:test'
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

const fetchChunks = (chunks: number[][]) => {
  const written: number[] = []
  const end = fetchSegment('x', {
    origin: origin(chunks),
    clock: new HandClock(),
    buffer: new Uint8Array(16),
    stallMs: 30_000,
    signal: new AbortController().signal,
    question: { range: [0, size], size, whole: false },
    etag: () => null,
    onEtag: () => {},
    write: (bytes) => written.push(...bytes),
  })
  return { written, end }
}

test('a body in pieces is written whole and in order', async () => {
  const { written, end } = fetchChunks([[1], [2], [3]])
  expect(await end).toEqual({ kind: 'complete' })
  expect(written).toEqual([1, 2, 3])
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
  const { written, end } = fetchChunks(chunks)
  expect(await end).toMatchObject({
    kind: 'broken',
    error: { message: expect.stringContaining('more than it announced') },
  })
  expect(written).toEqual([])
})
