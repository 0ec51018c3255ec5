import { expect, test } from 'bun:test'
import { type DownloadProgress, ProgressReporter } from '../../../src/models/progress/progress.ts'
import { HandClock } from '../../support/hand-clock.ts'

const setUp = () => {
  const clock = new HandClock()
  const seen: { at: number; progress: DownloadProgress }[] = []
  const files = [
    { path: 'a', size: 1000, received: 400 },
    { path: 'b', size: 500, received: 0 },
  ]
  const reporter = new ProgressReporter(clock, files, (progress) => seen.push({ at: clock.now(), progress }))
  return { clock, seen, reporter }
}

test('progress is reported at most 4 times in any second, the last time at once, and never after that', () => {
  const { clock, seen, reporter } = setUp()
  clock.advance(10_005)
  reporter.end('done')
  clock.advance(10_000)
  expect(seen.at(-1)).toMatchObject({ at: 10_005, progress: { phase: 'done', file: null } })
  seen.forEach(({ at }, n) => {
    if (n >= 4) expect(at - (seen[n - 4]?.at ?? 0)).toBeGreaterThanOrEqual(1000)
  })
  expect(seen.length).toBeGreaterThan(25)
  expect(clock.waiting).toBe(0)
})

test('a file that starts over does not make the received bytes decrease', () => {
  const { clock, seen, reporter } = setUp()
  reporter.enter('downloading', 'a')
  for (const bytes of [500, 900, 0, 100, 950]) {
    reporter.onReceived(0, bytes)
    clock.advance(400)
  }
  const received = seen.map(({ progress }) => progress.received)
  expect(received).toEqual(received.toSorted((a, b) => a - b))
  expect(seen.at(-1)?.progress).toMatchObject({ received: 950, total: 1500, file: 'a', phase: 'downloading' })
  expect(seen.at(-1)?.progress.files).toEqual(
    new Map([
      ['a', 950],
      ['b', 0],
    ]),
  )
})

test('bytes that existed at the start count as received, but not as throughput', () => {
  const { clock, seen, reporter } = setUp()
  clock.advance(334)
  expect(seen[0]?.progress).toMatchObject({ received: 400, throughputBps: 0, etaS: null })
  reporter.end('cancelled')
})
