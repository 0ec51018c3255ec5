import { expect, test } from 'bun:test'
import { printable } from '../../../src/cli/terminal/style.ts'
import { pad, shorten, wrap } from '../../../src/cli/text/wrap.ts'

test('prose is broken at blanks and goes on below its first word', () => {
  expect(wrap('one two three four', 9)).toBe('one two\nthree\nfour')
  expect(wrap('  - one two three', 9)).toBe('  - one\n    two\n    three')
  expect(wrap('first line\nsecond', 80)).toBe('first line\nsecond')
  expect(wrap('anything at all', Number.POSITIVE_INFINITY)).toBe('anything at all')
})

test('a term with its explanation goes on below the explanation', () => {
  expect(wrap('  NO_COLOR  any value at all means that there are no colours', 40)).toBe(
    '  NO_COLOR  any value at all means that\n            there are no colours',
  )
})

test('a word that is wider than the terminal is not broken', () => {
  expect(wrap('see https://example.org/a/very/long/address for more', 20)).toBe(
    'see\nhttps://example.org/a/very/long/address\nfor more',
  )
})

test.each([
  ['to the end of the line', 'Follow it with: hal0 slot watch primary', 'Follow it with:\nhal0 slot watch primary'],
  [
    'with sudo before it',
    'Start it with: sudo hal0 setup --user --yes',
    'Start it with:\nsudo hal0 setup --user --yes',
  ],
  ['that is all there is', 'hal0 slot edit primary --set load=manual', 'hal0 slot edit primary --set load=manual'],
  ['in backticks', 'Now `hal0 model list` shows the models', 'Now\n`hal0 model list`\nshows the models'],
  ['in quotes', "Now 'hal0 slot --help' says more of it", "Now\n'hal0 slot --help'\nsays more of it"],
])('a command %s stays on one line, so that it can be copied', (_, text, lines) => {
  expect(wrap(text, 20)).toBe(lines)
})

test.each([
  [
    "the daemon's port is taken by it, and hal0 can't have it",
    "the daemon's port is\ntaken by it, and\nhal0 can't have it",
  ],
  ['Error: hal0 is not reachable at all', 'Error: hal0 is not\nreachable at all'],
  ['hal0 model search shows the catalog, too.', 'hal0 model search\nshows the catalog,\ntoo.'],
])('a sentence about hal0 is not a command: %s', (text, lines) => {
  expect(wrap(text, 20)).toBe(lines)
})

test('wide characters count as two cells', () => {
  expect(wrap('漢字 漢字 漢字', 9)).toBe('漢字 漢字\n漢字')
  expect(wrap('👩‍👩‍👧 👩‍👩‍👧 ab', 5)).toBe('👩‍👩‍👧 👩‍👩‍👧\nab')
  expect(pad('漢', 4)).toBe('漢  ')
  expect(pad('7', 3, 'right')).toBe('  7')
})

test('what is left out of a line is whole words', () => {
  expect(shorten('one two three', 13)).toBe('one two three')
  expect(shorten('one two three', 12)).toBe('one two …')
  expect(shorten('one two three', 8)).toBe('one …')
  expect(shorten('one two three', 4)).toBe('one…')
  expect(shorten('unbreakable', 5)).toBe('…')
  expect(shorten('unbreakable', 0)).toBe('')
  expect(shorten('漢字 漢字 漢字', 10)).toBe('漢字 …')
})

test('the output of a backend cannot drive the terminal', () => {
  expect(printable('a\x1b[31mred\x1b[0m\x07\x08b\x1b]0;title\x07\tc\nd\x9b')).toBe('ared' + 'b\tc\nd')
})
