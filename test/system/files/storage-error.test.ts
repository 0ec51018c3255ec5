import { describe, expect, test } from 'bun:test'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { errnoOf, storageError } from '../../../src/system/files/storage-error.ts'

const failure = (code: string) => Object.assign(new Error(code), { code })

describe('A failed file operation', () => {
  for (const [errno, code, sentence] of [
    ['ENOSPC', 'storage.full', /is full\. Free some space/],
    ['EDQUOT', 'storage.full', /is full/],
    ['EACCES', 'storage.failed', /may not write to \/d\/f\. Check its owner/],
    ['EPERM', 'storage.failed', /may not write/],
    ['EROFS', 'storage.failed', /may not write/],
    ['EIO', 'storage.failed', /the disk answered EIO for \/d\/f/],
  ] as const) {
    test(`with ${errno} is ${code}, with what was attempted and what to do`, () => {
      const cause = failure(errno)
      const error = storageError(cause, '/d/f', 'write the state of slot primary')
      expect(error.code).toBe(code)
      expect(error.message).toStartWith('Could not write the state of slot primary: ')
      expect(error.message).toMatch(sentence)
      expect(error.details).toEqual({ path: '/d/f', errno })
      expect(error.cause).toBe(cause)
    })
  }

  test('without a code is storage.failed', () => {
    expect(storageError('odd', '/d/f', 'x')).toMatchObject({ code: 'storage.failed', details: { errno: null } })
  })

  test('that is already typed stays as it is', () => {
    const typed = new Hal0Error('config.invalid', 'No.')
    expect(storageError(typed, '/d/f', 'x')).toBe(typed)
  })
})

test('The code of a system error is returned, and null for anything else', () => {
  expect(errnoOf(failure('ENOENT'))).toBe('ENOENT')
  for (const other of [new Error('x'), null, undefined, 'ENOENT', { code: 5 }]) expect(errnoOf(other)).toBeNull()
})
