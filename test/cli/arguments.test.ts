import { describe, expect, test } from 'bun:test'
import type { ArgsDef } from 'citty'
import { readArguments, repeated } from '../../src/cli/arguments.ts'
import { Failure } from '../../src/cli/terminal/failure.ts'

const args = {
  name: { type: 'positional', required: true },
  lines: { type: 'string', alias: 'n', default: '5' },
  follow: { type: 'boolean', alias: 'f' },
  wait: { type: 'boolean', default: true },
  'dry-run': { type: 'boolean' },
  set: { type: 'string' },
} as const satisfies ArgsDef

const read = (line: string) => readArguments(line.split(' '), args)

describe('a command line that fits', () => {
  test.each([
    ['a', { name: 'a', lines: '5', wait: true }],
    ['-n 7 a', { name: 'a', lines: '7' }],
    ['a -n7', { lines: '7' }],
    ['a -fn 7', { follow: true, lines: '7' }],
    ['a --lines=-1', { lines: '-1' }],
    ['a --lines=', { lines: '' }],
    ['a --no-wait', { wait: false }],
    ['a --dry-run', { 'dry-run': true }],
    ['-- -a', { name: '-a' }],
    ['a --follow --', { follow: true }],
  ])('%s', (line, expected) => {
    expect(read(line)).toMatchObject(expected)
  })
})

describe('a command line that does not fit', () => {
  test.each([
    ['--follow', 'NAME is missing.'],
    ['a b', "Unexpected argument 'b'."],
    ['a -- -b', "Unexpected argument '-b'."],
    ['a --folow', "Unknown option '--folow'. Did you mean --follow?"],
    ['a --no-wiat', "Unknown option '--no-wiat'. Did you mean --no-wait?"],
    ['a --frobnicate', "Unknown option '--frobnicate'."],
    ['a --dryRun', "Unknown option '--dryRun'. Did you mean --dry-run?"],
    ['a --name b', "Unknown option '--name'."],
    ['a --no-lines', "Unknown option '--no-lines'."],
    ['a --constructor', "Unknown option '--constructor'."],
    ['a --=b', "Unknown option '--'."],
    ['a -x', "Unknown option '-x'."],
    ['a -fx', "Unknown option '-x'."],
    ['a --follow=false', '--follow takes no value.'],
    ['a --lines', '--lines needs a value.'],
    ['a -n', '--lines needs a value.'],
    ['a --lines --follow', '--lines needs a value.'],
    ['a --lines -- b', '--lines needs a value.'],
    ['a -n 1 --lines=2', '--lines is given 2 times; it takes one value.'],
    ['a --wait --no-wait', '--wait is given 2 times; it takes one value.'],
  ])('%s', (line, message) => {
    expect(() => read(line)).toThrow(Failure)
    expect(() => read(line)).toThrow(message)
  })
})

test('a flag that may be repeated has all its values in order, but none from behind --', () => {
  const words = ['a', '--set', 'x=1', '--set=y=2', '--set=', '--', '--set', 'z']
  expect(repeated(words, 'set')).toEqual(['x=1', 'y=2', ''])
})
