import { expect, test } from 'bun:test'
import { OomWatch, RiseDetector, verdict } from '../../../src/system/process/oom-watch.ts'

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

const killed = { exitCode: null, signal: 'SIGKILL' }
const cases: [string, Parameters<typeof verdict>, ReturnType<typeof verdict>][] = [
  ['a kill while its own group counted one', ['own', true, killed], true],
  ['a kill while its own group counted none, whatever other programs met', ['own', false, killed], false],
  ['a kill while a group counted one that others are in too', ['shared', true, killed], 'probably'],
  ['a kill while nothing was counted', ['shared', false, killed], false],
  ['a script whose program was killed, in a group of its own', ['own', true, { exitCode: 137, signal: null }], true],
  [
    'a script whose program was killed, with others in the group',
    ['shared', true, { exitCode: 137, signal: null }],
    'probably',
  ],
  [
    'a program that ended by itself while its group counted a kill of a child',
    ['own', true, { exitCode: 1, signal: null }],
    false,
  ],
  ['an end that nobody saw, in a group of its own', ['own', true, { exitCode: null, signal: null }], true],
  ['an end that nobody saw, with others in the group', ['shared', true, { exitCode: null, signal: null }], false],
]
for (const [what, given, expected] of cases) {
  test(`${what} is ${expected === false ? 'no lack of memory' : expected === true ? 'lack of memory' : 'probably one'}`, () =>
    expect(verdict(...given)).toBe(expected))
}

test('A process that is gone can be watched', () => {
  const watch = new OomWatch(2 ** 22 + 1)
  watch.sample()
  expect(watch.explains({ exitCode: 0, signal: null })).toBe(false)
})
