import { expect, test } from 'bun:test'
import type { ErrorCode } from '../../src/contract/error.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'

test('a stored error with an unknown code keeps its message and is a 500', () => {
  const stored = { message: 'From the future.', type: 'server_error', param: null, code: 'slot.future', details: {} }
  const error = Hal0Error.fromBody(stored)
  expect(error.message).toBe('From the future.')
  expect(error.status).toBe(500)
})

test('an error survives being stored in state.json', () => {
  const error = new Hal0Error('slot.crashed', 'It died.', { param: 'x', details: { exit_code: 3 } })
  const again = Hal0Error.fromBody(error.body())
  expect(again.envelope()).toEqual(error.envelope())
  expect(again.status).toBe(503)
})

test('anything but a Hal0Error becomes internal, and its message is never shown', () => {
  const error = Hal0Error.from(new Error('password=hunter2'))
  expect(error.code).toBe('internal')
  expect(JSON.stringify(error.envelope())).not.toContain('hunter2')
})

test('whether and when to retry comes from the code’s row, unless the error itself says otherwise', () => {
  const hint = (code: ErrorCode, retryAfterS?: number | null) => {
    const error = new Hal0Error(code, 'x', retryAfterS === undefined ? {} : { retryAfterS })
    return [error.retry, error.retryAfterS]
  }
  expect(hint('slot.warming')).toEqual(['wait', 1])
  expect(hint('slot.warming', 7)).toEqual(['wait', 7])
  expect(hint('slot.crashed')).toEqual(['never', null])
  // It is loaded again by itself in so many seconds.
  expect(hint('slot.crashed', 7)).toEqual(['wait', 7])
  expect(hint('pull.rate_limited', null)).toEqual(['never', null])
  expect(hint('request.invalid')).toEqual([null, null])
})
