import { expect, test } from 'bun:test'
import { readableLine } from '../../src/system/log-line.ts'

const read = (text: string) => readableLine(Buffer.from(text))

test('Plain text is kept, whatever its script', () => {
  for (const text of ['', 'a\tb', 'ünïcödé 🚀 漢字', ' \\ " <b>']) expect(read(text)).toBe(text)
})

test('Terminal colours, titles and links are removed', () => {
  expect(
    read('\u001b[1;31mred\u001b[0m \u001b]0;title\u0007x\u001b]8;;http://a\u001b\\link\u001b]8;;\u001b\\ \u001b(B.'),
  ).toBe('red xlink .')
})

test('Control characters, reordering marks and invalid UTF-8 become U+FFFD', () => {
  expect(read('a\u0000b\u007fc\u0085d\u202ee\u2066f')).toBe('a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf')
  expect(readableLine(Uint8Array.of(0x61, 0xff, 0xc3))).toBe('a\ufffd\ufffd')
})

test('Of an overwritten line, the last version is kept', () => {
  expect(read('10%\r55%\r100%\r')).toBe('100%')
  expect(read('windows\r')).toBe('windows')
})

test('A long line is cut to 2000 characters, never within one', () => {
  expect(read('x'.repeat(2000))).toBe('x'.repeat(2000))
  expect(read('x'.repeat(2001))).toBe(`${'x'.repeat(1999)}…`)
  expect(read(`${'x'.repeat(1998)}🚀🚀`)).toBe(`${'x'.repeat(1998)}…`)
})
