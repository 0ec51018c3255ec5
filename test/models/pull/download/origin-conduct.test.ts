/** What the ends of requests tell of an origin, and what follows. */
import { expect, test } from 'bun:test'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import { OriginConduct } from '../../../../src/models/pull/download/origin-conduct.ts'

const error = new Hal0Error('pull.network', 'It broke off.')

test('what is complete or given up has no consequence, and what broke is tried again however often', () => {
  const conduct = new OriginConduct('a.gguf')
  for (const kind of ['complete', 'aborted'] as const) expect(conduct.judge({ kind })).toEqual({ kind: 'go-on' })
  for (let n = 0; n < 3; n++) expect(conduct.judge({ kind: 'broken', error })).toEqual({ kind: 'retry', error })
})

test('the first ETag counts until the file changes; a second change is an origin that cannot be trusted', () => {
  const conduct = new OriginConduct('a.gguf')
  conduct.noteEtag('one')
  conduct.noteEtag('other')
  expect(conduct.etag).toBe('one')
  expect(conduct.judge({ kind: 'changed', etag: 'two' })).toEqual({ kind: 'start-over' })
  expect(conduct.etag).toBe('two')
  const end = conduct.judge({ kind: 'changed', etag: 'three' })
  expect(end).toMatchObject({ kind: 'fail', error: { code: 'pull.network' } })
})

test('an encoded answer is asked for once more, and an origin that ignores Range is remembered', () => {
  const conduct = new OriginConduct('a.gguf')
  expect(conduct.judge({ kind: 'encoded', encoding: 'gzip' }).kind).toBe('retry')
  expect(conduct.judge({ kind: 'encoded', encoding: 'gzip' }).kind).toBe('fail')
  expect(conduct.ignoresRange).toBe(false)
  expect(conduct.judge({ kind: 'ignores-range' })).toEqual({ kind: 'start-over' })
  expect(conduct.ignoresRange).toBe(true)
})
