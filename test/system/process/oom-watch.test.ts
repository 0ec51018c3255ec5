import { expect, test } from 'bun:test'
import { OomWatch, RiseDetector } from '../../../src/system/process/oom-watch.ts'

test('What a counter shows when it is first seen is not a rise', () => {
  const detector = new RiseDetector()
  detector.see(7, 1000)
  expect(detector.roseWithin(10_000, 1000)).toBe(false)
})

test('A rise counts for the given time only', () => {
  const detector = new RiseDetector()
  detector.see(7, 1000)
  detector.see(8, 2000)
  detector.see(8, 9000)
  expect(detector.roseWithin(10_000, 12_000)).toBe(true)
  expect(detector.roseWithin(10_000, 12_001)).toBe(false)
})

test('A counter that cannot be read in between does not hide a rise, nor make one', () => {
  const detector = new RiseDetector()
  detector.see(null, 0)
  detector.see(7, 1000)
  detector.see(null, 2000)
  expect(detector.roseWithin(10_000, 2000)).toBe(false)
  detector.see(8, 3000)
  expect(detector.roseWithin(10_000, 3000)).toBe(true)
})

test('A process that is gone can be watched', () => {
  const watch = new OomWatch(2 ** 22 + 1)
  watch.sample()
  expect(typeof watch.wasKilled()).toBe('boolean')
})
