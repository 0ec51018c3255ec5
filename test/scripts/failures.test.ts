import { describe, expect, test } from 'bun:test'
import { Failures } from '../../scripts/test/failures.ts'

const after = (...lines: string[]): Failures => {
  const failures = new Failures()
  for (const line of lines) failures.line(line)
  return failures
}

describe('the end of a test run', () => {
  test('names the file, the error and the test of each failure, and nothing of what passed', () => {
    const seen = after(
      'test/a.test.ts:',
      'noise of a test that passes',
      '(pass) a > good [1.00ms]',
      'error: expect(received).toBe(expected)',
      '\u001b[31m(fail)\u001b[0m a > bad [2.00ms]',
      '(pass) a > good as well [1.00ms]',
    )
    expect(seen.report()).toEqual([
      '',
      'test/a.test.ts:',
      'error: expect(received).toBe(expected)',
      '(fail) a > bad [2.00ms]',
    ])
  })

  test('says that a test took too long', () => {
    const seen = after('test/a.test.ts:', '(fail) a > slow [30000.00ms]', '  ^ this test timed out after 30000ms.')
    expect(seen.report().at(-1)).toBe('  ^ this test timed out after 30000ms.')
  })

  test('is bounded in lines, their length and the number of tests', () => {
    const failures = new Failures()
    for (let test = 0; test < 20; test++) {
      for (let line = 0; line < 100; line++) failures.line(`${line} ${'x'.repeat(1000)}`)
      failures.line(`(fail) test ${test}`)
    }
    const report = failures.report()
    expect(report.length).toBeLessThan(12 * 33 + 3)
    expect(Math.max(...report.map((line) => line.length))).toBeLessThanOrEqual(200)
    expect(report.at(-1)).toBe('and 8 more failed tests')
  })

  test('shows the last lines of a step that has no results', () => {
    expect(after('src/a.ts:1:1 - error TS1: wrong').rest()).toEqual(['src/a.ts:1:1 - error TS1: wrong'])
  })
})
