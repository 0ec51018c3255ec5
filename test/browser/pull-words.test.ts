import { expect, test } from 'bun:test'
import type { Pull } from '../../src/contract/models/pull.ts'
import { pullVerbsOf, requestOf } from '../../web/words/pull-verbs.ts'
import { pullFraction, pullText, shortPullText } from '../../web/words/pull-words.ts'

const pull: Pull = {
  id: 'tiny-q4_k_m',
  request: { repo: 'acme/tiny', file: 'tiny-Q4_K_M.gguf' },
  position: null,
  repo: 'acme/tiny',
  revision: 'a'.repeat(40),
  files: [{ path: 'tiny-Q4_K_M.gguf', size: 398_000_000, received: 167_200_000 }],
  bytes_total: 398_000_000,
  bytes_received: 167_200_000,
  throughput_bps: 12_000_000,
  elapsed_s: 14,
  eta_s: 19.2,
  file: 'tiny-Q4_K_M.gguf',
  phase: 'downloading',
  error: null,
}

test('figures of a pull leave out what is unknown', () => {
  expect(pullText(pull)).toBe('167 MB of 398 MB, 12 MB/s, 20 s left')
  expect(shortPullText(pull)).toBe('42 % of 398 MB, 12 MB/s, 20 s left')
  const unknown = { ...pull, bytes_total: null, throughput_bps: null, eta_s: null }
  expect([pullText(unknown), shortPullText(unknown), pullFraction(unknown)]).toEqual(['167 MB', '167 MB', null])
  expect(pullText({ ...pull, phase: 'resolving' })).toBe('asking the hub')
  expect(pullText({ ...pull, phase: 'verifying' })).toBe('verifying 398 MB')
})

test('a pull is resumed at the commit and with the projector that it began with', () => {
  expect(requestOf(pull)).toEqual({ repo: 'acme/tiny', file: 'tiny-Q4_K_M.gguf', revision: 'a'.repeat(40) })
  const projector = { path: 'mmproj-F16.gguf', size: 1, received: 0 }
  const request = { ...pull.request, file: ':Q4_K_M', mmproj: true }
  expect(requestOf({ ...pull, request, files: [...pull.files, projector] })).toEqual({
    repo: 'acme/tiny',
    file: 'tiny-Q4_K_M.gguf',
    revision: 'a'.repeat(40),
    mmproj: true,
  })
  expect(requestOf({ ...pull, request, revision: null, files: [] })).toEqual(request)
})

test('a pull of a package is resumed as it was asked for: its pins say everything', () => {
  const archive = { file: 'tiny-1.0-py3-none-any.whl', size: 10, sha256: 'a'.repeat(64) }
  const request = {
    package: { index: 'pypi' as const, name: 'tiny', version: '1.0', archive },
    file: 'tiny/tiny.gguf',
    size: 12,
    sha256: 'b'.repeat(64),
  }
  const files = [{ path: archive.file, size: 10, received: 5 }]
  expect(requestOf({ ...pull, request, repo: 'pypi:tiny', revision: '1.0', files })).toEqual(request)
})

test('only what is kept can be discarded', () => {
  expect(pullVerbsOf({ phase: 'cancelled' }, 5)).toEqual(['again', 'discard', 'hide'])
  expect(pullVerbsOf({ phase: 'cancelled' }, 0)).toEqual(['again', 'hide'])
  expect(pullVerbsOf({ phase: 'failed' }, null)).toEqual(['again', 'hide'])
  expect(pullVerbsOf({ phase: 'verifying' }, 5)).toEqual(['cancel'])
})
