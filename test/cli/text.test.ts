import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cut, pad, printable } from '../../src/cli/terminal/style.ts'
import { row, table } from '../../src/cli/terminal/table.ts'

const { NO_COLOR } = process.env
beforeAll(() => {
  // The tests may themselves run in a terminal.
  process.env.NO_COLOR = '1'
})
afterAll(() => {
  if (NO_COLOR === undefined) delete process.env.NO_COLOR
  else process.env.NO_COLOR = NO_COLOR
})

test('text is cut by terminal cells, never within a character', () => {
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

test('the output of a backend cannot drive the terminal', () => {
  expect(printable('a\x1b[31mred\x1b[0m\x07\x08b\x1b]0;title\x07\tc\nd\x9b')).toBe('ared' + 'b\tc\nd')
})

test('columns are aligned even with wide characters', () => {
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

test('a single row keeps the minimum widths', () => {
  expect(row([{ title: 'A', min: 4 }, { title: 'B' }], ['x', 'y'])).toBe('x     y')
})
