import { expect, test } from 'bun:test'
import { encodeRemotePath, isSafeRemotePath } from '../../src/lib/hub/remote-path.ts'

test.each([
  'a.gguf',
  'a folder/b c.gguf',
  'ünïcode/模型.gguf',
  '..%2f..%2fetc/passwd',
  '...gguf',
  `${'ä'.repeat(127)}x`,
  '.gitattributes',
])('%j is safe', (path) => {
  expect(isSafeRemotePath(path)).toBe(true)
})

test.each([
  '',
  '/etc/passwd',
  '../a.gguf',
  'a/../../b.gguf',
  'a/./b.gguf',
  'a//b.gguf',
  'a/',
  '..',
  'a\\b.gguf',
  'a\0.gguf',
  'a\nb.gguf',
  'ä'.repeat(128),
  '\ud800.gguf',
])('%j is refused', (path) => {
  expect(isSafeRemotePath(path)).toBe(false)
})

test('in an address every part is escaped and the slashes are kept', () => {
  expect(encodeRemotePath('a b/..%2f#?.gguf')).toBe('a%20b/..%252f%23%3F.gguf')
})
