import { expect, test } from 'bun:test'
import { bounded } from '../../src/lib/bounded.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'

test('a text up to the limit is kept, and a longer one is cut and says how long it was', () => {
  expect(bounded('', 0)).toBe('')
  expect(bounded('abc', 3)).toBe('abc')
  expect(bounded('abcd', 3)).toBe('abc… (4 characters)')
})

test('no character is cut in half', () => {
  expect(bounded('ab\u{1f600}cd', 3)).toBe('ab… (6 characters)')
  expect(bounded('ab\u{1f600}cd', 4)).toBe('ab\u{1f600}… (6 characters)')
})

test('no error exceeds its limits, whatever it quotes', () => {
  const long = 'x'.repeat(1 << 20)
  const error = new Hal0Error('request.invalid', long, {
    param: long,
    details: { text: long, list: Array(10_000).fill('x'), number: 1 },
  })
  expect(JSON.stringify(error.envelope()).length).toBeLessThan(8000)
  expect(error.details.number).toBe(1)
})
