import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { parseHubReference } from '../../src/lib/hub-reference.ts'

const repo = 'acme/tiny-GGUF'
test.each([
  ['acme/tiny-GGUF', null, null],
  [' acme/tiny-GGUF:Q4_K_M ', null, ':Q4_K_M'],
  ['hf.co/acme/tiny-GGUF:Q8_0', null, ':Q8_0'],
  ['HF.co/acme/tiny-GGUF:latest', null, ':latest'],
  ['huggingface.co/acme/tiny-GGUF', null, null],
  ['https://hf.co/acme/tiny-GGUF', null, null],
  ['https://huggingface.co/acme/tiny-GGUF/', null, null],
  ['https://huggingface.co/acme/tiny-GGUF:UD-Q4_K_XL', null, ':UD-Q4_K_XL'],
  ['https://huggingface.co/acme/tiny-GGUF?show_file_info=a.gguf', null, null],
  ['https://huggingface.co/acme/tiny-GGUF/resolve/main/a.gguf', 'main', 'a.gguf'],
  ['https://huggingface.co/acme/tiny-GGUF/resolve/main/a.gguf?download=true', 'main', 'a.gguf'],
  ['https://huggingface.co/acme/tiny-GGUF/blob/main/Q4%20K/a.gguf#L1', 'main', 'Q4 K/a.gguf'],
  ['huggingface.co/acme/tiny-GGUF/blob/v1.0/a.gguf', 'v1.0', 'a.gguf'],
  ['https://huggingface.co/acme/tiny-GGUF/resolve/refs%2Fpr%2F1/x/a.gguf', 'refs/pr/1', 'x/a.gguf'],
  ['https://huggingface.co/acme/tiny-GGUF/resolve/refs/pr/1/x/a.gguf', 'refs/pr/1', 'x/a.gguf'],
  ['https://huggingface.co/acme/tiny-GGUF/tree/main', 'main', null],
  ['https://huggingface.co/acme/tiny-GGUF/tree/main/BF16', 'main', null],
])('%s is understood', (text, revision, selector) => {
  expect(parseHubReference(text)).toEqual({ repo, revision, selector })
})

test.each([
  '',
  'acme',
  '/etc/passwd',
  'acme/tiny/extra',
  '../tiny',
  'acme/..',
  'acme/tiny:',
  'acme/tiny:Q4 K',
  'acme/ti ny',
  'https://evil.example/acme/tiny',
  'https://huggingface.co/acme',
  'https://huggingface.co/datasets/acme/tiny',
  'https://huggingface.co/spaces/acme/tiny',
  'https://huggingface.co/acme/tiny/discussions/1',
  'https://huggingface.co/acme/tiny/resolve/main',
  'https://huggingface.co/acme/tiny/resolve/main/..%2f..%2fetc',
  'https://huggingface.co/acme/tiny/resolve/main/%zz',
  'ftp://huggingface.co/acme/tiny',
])('%j is refused with what to write', (text) => {
  expect(() => parseHubReference(text)).toThrow(/Write OWNER\/NAME/)
})

test('the host of an endpoint in use is one of the hub’s', () => {
  expect(parseHubReference('http://nas:8000/acme/tiny-GGUF', ['nas:8000']).repo).toBe(repo)
})

test('whatever is written, the answer is a reference or request.invalid', () => {
  const part = fc.constantFrom(
    'https://',
    'hf.co',
    'huggingface.co',
    '/',
    'acme',
    'tiny',
    ':',
    '%2f',
    '..',
    'resolve',
    'main',
    '?',
    ' ',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
      ),
      (text) => {
        try {
          return /^[\w.-]+\/[\w.-]+$/.test(parseHubReference(text).repo)
        } catch (error) {
          return error instanceof Hal0Error && error.code === 'request.invalid'
        }
      },
    ),
    { numRuns: 1000 },
  )
})
