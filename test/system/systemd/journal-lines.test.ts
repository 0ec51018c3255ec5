import { describe, expect, test } from 'bun:test'
import { JournalLines } from '../../../src/system/systemd/journal/journal-lines.ts'

const read = (entries: object[], pieces = 1): string[] => {
  const lines: string[] = []
  const reader = new JournalLines(({ text }) => lines.push(text))
  const bytes = Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  const size = Math.ceil(bytes.length / pieces)
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
  reader.end()
  return lines
}

describe('the lines of a journal', () => {
  test('are its messages', () => {
    expect(read([{ MESSAGE: 'one' }, { MESSAGE: 'two ü' }])).toEqual(['one', 'two ü'])
  })

  test('are the same wherever its output is cut', () => {
    const entries = [{ MESSAGE: 'one ü' }, { MESSAGE: [255, 254] }, { MESSAGE: 'three' }]
    for (const pieces of [2, 7, 50]) expect(read(entries, pieces)).toEqual(read(entries))
  })

  test('may be bytes that are no text', () => {
    expect(read([{ MESSAGE: [97, 255, 98] }])).toEqual(['a\ufffdb'])
  })

  test('are put together again where journald split them', () => {
    expect(read([{ MESSAGE: 'a', _LINE_BREAK: 'nul' }, { MESSAGE: 'b' }])).toEqual(['a\ufffdb'])
    expect(read([{ MESSAGE: 'a', _LINE_BREAK: 'line-max' }, { MESSAGE: 'b' }])).toEqual(['ab'])
  })

  test('include the last one without an end, and lines without text', () => {
    expect(
      read([{ MESSAGE: 'a', _LINE_BREAK: 'eof' }, { MESSAGE: null }, { MESSAGE: 'x', _LINE_BREAK: 'nul' }]),
    ).toEqual(['a', '', 'x\ufffd'])
  })
})
