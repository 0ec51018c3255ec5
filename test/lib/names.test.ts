import { expect, test } from 'bun:test'
import { digest, modelId, remotePath, repoRef } from '../../src/lib/hub/names.ts'

test.each(['acme/tiny-GGUF', 'A.b/C_d', 'pypi:tiny-model'])('%j is a repository', (text) => {
  expect(String(repoRef(text))).toBe(text)
})

test.each([
  '',
  'acme',
  '../tiny',
  'acme/..',
  'acme/../../etc',
  'acme/tiny/../../../etc',
  'acme/.git',
  'acme/tiny\n',
  'acme\\tiny/x',
  'pypi:../x',
  'pypi:',
  'pypi:a/b',
])('%j is no repository', (text) => {
  expect(() => repoRef(text)).toThrow('is not a repository')
})

test.each(['', '..', '.hidden', 'a..b', 'a/b', 'A', 'a\0', 'a\n', '-a', 'x'.repeat(128)])(
  '%j is no model id',
  (text) => {
    expect(() => modelId(text)).toThrow('must be an id')
  },
)

test.each(['', '../a.gguf', '/etc/passwd', 'a/../b', 'a\0'])('%j is not the path of a file', (text) => {
  expect(() => remotePath(text)).toThrow('is not the path of a file')
})

test.each(['', 'A'.repeat(64), 'a'.repeat(63), `${'a'.repeat(63)}/`, `${'a'.repeat(64)}\n`])(
  '%j is no digest',
  (text) => {
    expect(() => digest(text)).toThrow('must be a sha256')
  },
)

test('a name that is refused is shown as JSON and cut off', () => {
  expect(() => repoRef(`\u001b[2J${'x'.repeat(10_000)}`)).toThrow(/^"\\u001b\[2Jx{100,200}/)
})
