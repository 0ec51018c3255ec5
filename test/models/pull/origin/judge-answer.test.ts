import { describe, expect, test } from 'bun:test'
import { judgeAnswer, type Question } from '../../../../src/models/pull/origin/judge-answer.ts'
import type { OriginAnswer } from '../../../../src/models/pull/origin/origin.ts'

const question: Question = { range: [10, 20], size: 100, whole: false, etag: 'a' }
const answer = (over: Partial<OriginAnswer>): OriginAnswer => ({
  status: 206,
  contentRange: { from: 10, to: 20, size: 100 },
  contentLength: 10,
  contentEncoding: null,
  etag: 'a',
  body: null,
  ...over,
})
const judged = (over: Partial<OriginAnswer>, asked: Partial<Question> = {}) =>
  judgeAnswer(answer(over), { ...question, ...asked }).kind
const full = { status: 200, contentRange: null, contentLength: 100 }

describe('an answer is taken', () => {
  test.each([
    ['that is what was asked for', {}, {}],
    ['without the size of the file', { contentRange: { from: 10, to: 20, size: null } }, {}],
    ['without a length or an ETag', { contentLength: null, etag: null }, {}],
    ['that is the first to have an ETag', {}, { etag: null }],
    ['that says that nothing is encoded', { contentEncoding: 'identity' }, {}],
    ['that is the whole file when that was asked for', full, { whole: true, range: [0, 100] }],
    ['that is the whole file when the range was all of it', full, { range: [0, 100] }],
  ] as [string, Partial<OriginAnswer>, Partial<Question>][])('%s', (_, over, asked) => {
    expect(judged(over, asked)).toBe('body')
  })
})

describe('an answer is not taken', () => {
  test.each([
    ['with the whole file for a part of it', full, 'ignores-range'],
    ['with another ETag', { etag: 'b' }, 'changed'],
    ['that is encoded', { contentEncoding: 'gzip' }, 'encoded'],
    ['with a part that does not say which', { contentRange: null }, 'lies'],
    ['that begins elsewhere', { contentRange: { from: 11, to: 20, size: 100 } }, 'lies'],
    ['that ends beyond what was asked for', { contentRange: { from: 10, to: 21, size: 100 } }, 'lies'],
    ['that is empty', { contentRange: { from: 10, to: 10, size: 100 } }, 'lies'],
    ['of a file of another size', { contentRange: { from: 10, to: 20, size: 101 } }, 'lies'],
    ['with a length that is not its range’s', { contentLength: 11 }, 'lies'],
    ['with a whole file of another length', { ...full, contentLength: 99 }, 'lies'],
    ['that has another status', { status: 503 }, 'refuses'],
    ['that refuses the range', { status: 416, contentRange: null }, 'refuses'],
  ] as [string, Partial<OriginAnswer>, string][])('%s', (_, over, kind) => {
    expect(judged(over)).toBe(kind as never)
  })
})
