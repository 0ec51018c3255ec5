import { afterAll, expect, test } from 'bun:test'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { linesBackwards } from '../../../src/observability/database/lines-backwards.ts'

const folder = mkdtempSync(join(tmpdir(), 'hal0-lines-'))
afterAll(() => rmSync(folder, { recursive: true }))

const backwards = (content: string): string[] => {
  const path = join(folder, 'file')
  writeFileSync(path, content)
  const fd = openSync(path, 'r')
  try {
    return [...linesBackwards(fd, Buffer.byteLength(content))]
  } finally {
    closeSync(fd)
  }
}

test('whatever the lines and their lengths, they come whole, the last one first', () => {
  const line = fc
    .tuple(fc.constantFrom('', 'x', 'ü', '\u{1f600}'), fc.nat(3), fc.nat(120_000))
    .map(([letter, short, long]) => letter.repeat(short === 3 ? long : short))
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.constantFrom('', 'cut off'), (lines, tail) => {
      expect(backwards(lines.map((text) => `${text}\n`).join('') + tail)).toEqual(lines.toReversed())
    }),
    { numRuns: 60 },
  )
})

test('a file without a line yields none', () => {
  expect(backwards('')).toEqual([])
  expect(backwards('no end')).toEqual([])
})
