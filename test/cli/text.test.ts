import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cut, pad, printable } from '../../src/cli/terminal/style.ts'
import { row, table } from '../../src/cli/terminal/table.ts'
import { bytes, clock, count, duration, milliseconds } from '../../src/cli/units.ts'

const { NO_COLOR } = process.env
beforeAll(() => {
  // The tests may themselves run in a terminal.
  process.env.NO_COLOR = '1'
})
afterAll(() => {
  if (NO_COLOR === undefined) delete process.env.NO_COLOR
  else process.env.NO_COLOR = NO_COLOR
})

test('text is cut by the cells it takes, never through a character', () => {
  expect(cut('abcdef', 6)).toBe('abcdef')
  expect(cut('abcdef', 4)).toBe('abc…')
  expect(cut('漢字漢字', 5)).toBe('漢字…')
  expect(cut('漢字漢字', 4)).toBe('漢…')
  expect(cut('👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧…')
  expect(cut('abc', 0)).toBe('')
})

test('padding counts cells', () => {
  expect(pad('漢', 4)).toBe('漢  ')
  expect(pad('7', 3, 'right')).toBe('  7')
})

test('what a backend wrote cannot drive the terminal', () => {
  expect(printable('a\x1b[31mred\x1b[0m\x07\x08b\x1b]0;title\x07\tc\nd\x9b')).toBe('ared' + 'b\tc\nd')
})

test('columns line up also with wide characters', () => {
  const lines = table(
    [{ title: 'A' }, { title: 'N', align: 'right' }],
    [
      ['漢字', '5'],
      ['x', '10'],
    ],
  ).split('\n')
  expect(lines).toEqual(['A      N', '漢字   5', 'x     10'])
})

test('a cell with a line break stays on its line', () => {
  expect(table([{ title: 'A' }, { title: 'B' }], [['one\ntwo', 'x']]).split('\n')).toHaveLength(2)
})

test('a single row keeps the smallest widths', () => {
  expect(row([{ title: 'A', min: 4 }, { title: 'B' }], ['x', 'y'])).toBe('x     y')
})

describe('figures', () => {
  test('bytes', () =>
    expect([0, 999, 1000, 491_400_032, 4.7e12].map(bytes)).toEqual(['0 B', '999 B', '1.0 kB', '491 MB', '4.7 TB']))
  test('counts', () => expect([12, 494_032_768, 7.6e9].map(count)).toEqual(['12', '494M', '7.6B']))
  test('durations', () =>
    expect([0.04, 1, 12.4, 119.6, 200, 7500, 200_000].map(duration)).toEqual([
      '0.0 s',
      '1 s',
      '12 s',
      '2 min 0 s',
      '3 min 20 s',
      '2 h 5 min',
      '2 d 7 h',
    ]))
  test('milliseconds', () =>
    expect([null, 0.24, 35.4, 1240].map(milliseconds)).toEqual(['-', '0.2 ms', '35 ms', '1.24 s']))
  test('a time that is none stays as it is', () => expect(clock('soon')).toBe('soon'))
})
