import { afterAll, expect, test } from 'bun:test'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { type Line, linesBackwards } from '../../../src/dispatch/decisions/lines-backwards.ts'

const folder = mkdtempSync(join(tmpdir(), 'hal0-lines-'))
afterAll(() => rmSync(folder, { recursive: true }))

const backwards = (content: string, end = Buffer.byteLength(content)): Line[] => {
  const path = join(folder, 'file')
  writeFileSync(path, content)
  const fd = openSync(path, 'r')
  try {
    return [...linesBackwards(fd, end)]
  } finally {
    closeSync(fd)
  }
}

test('whatever the lines and their lengths, they come whole, the last one first, with where the next one begins', () => {
  const line = fc
    .tuple(fc.constantFrom('', 'x', 'ü', '\u{1f600}'), fc.nat(3), fc.nat(120_000))
    .map(([letter, short, long]) => letter.repeat(short === 3 ? long : short))
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.constantFrom('', 'cut off'), (lines, tail) => {
      let end = 0
      const expected = lines.map((text) => {
        end += Buffer.byteLength(text) + 1
        return { text, end }
      })
      expect(backwards(lines.map((text) => `${text}\n`).join('') + tail)).toEqual(expected.toReversed())
    }),
    { numRuns: 60 },
  )
})

test('nothing after the given end is read', () => {
  expect(backwards('one\ntwo\nthree\n', 8)).toEqual([
    { text: 'two', end: 8 },
    { text: 'one', end: 4 },
  ])
})

test('a file without a line yields none', () => {
  expect(backwards('')).toEqual([])
  expect(backwards('no end')).toEqual([])
})
