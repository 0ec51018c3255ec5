import { expect, test } from 'bun:test'
import {
  nextPage,
  parseContentRange,
  parseEtag,
  parseLength,
  retryAfterS,
} from '../../../../src/models/hub/client/hub-headers.ts'

test.each([
  ['bytes 0-9/100', { from: 0, to: 10, size: 100 }],
  ['bytes 5-5/6', { from: 5, to: 6, size: 6 }],
  ['Bytes 10-19/*', { from: 10, to: 20, size: null }],
  ['bytes */100', null],
  ['bytes 9-0/100', null],
  ['bytes 0-100/100', null],
  ['bytes 0-9', null],
  ['items 0-9/100', null],
  ['bytes 0-99999999999999999999/*', null],
  [null, null],
] as const)('the Content-Range %j is %j', (value, range) => {
  expect(parseContentRange(value)).toEqual(range)
})

test('an ETag loses its quotes and its weak mark', () => {
  expect(['"abc"', 'W/"abc"', 'abc', '""', '', null].map(parseEtag)).toEqual(['abc', 'abc', 'abc', null, null, null])
})

test('a length is a plain number', () => {
  expect(['12', ' 0 ', '-1', '1e3', '', null].map(parseLength)).toEqual([12, 0, null, null, null, null])
})

test.each([
  ['<https://h/a?cursor=b>; rel="next"', 'https://h/a?cursor=b'],
  ['<https://h/first>; rel="first", <https://h/next>; rel=next', 'https://h/next'],
  ['<https://h/a,b>; title="x"; rel="next", <https://h/z>; rel="last"', 'https://h/a,b'],
  ['<https://h/last>; rel="last"', null],
  ['<https://h/a>; rel="nextish"', null],
  [null, null],
])('the next page of %p is %p', (link, next) => {
  expect(nextPage(link)).toBe(next)
})

const now = Date.parse('2026-01-01T00:00:00Z')
test.each([
  [{ ratelimit: '"resolvers";r=0;t=172' }, 173],
  [{ ratelimit: '"resolvers";r=0;t=172', 'retry-after': '5' }, 173],
  [{ 'retry-after': '5' }, 5],
  [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30],
  [{ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
  [{ 'retry-after': '999999999' }, 3600],
  [{ 'retry-after': 'soon' }, null],
  [{}, null],
])('%j means to wait %j s', (headers, seconds) => {
  expect(retryAfterS(new Headers(headers as Record<string, string>), now)).toBe(seconds)
})
