import { expect, test } from 'bun:test'
import { HubFile, HubRepo, HubRevision } from '../../../src/contract/models/hub-source.ts'
import { problemsOf } from '../../../src/lib/validate.ts'

test.each([
  'a.gguf',
  'Q4_K_M/a.gguf',
  'a b (1).GGUF',
  '模型-Q8_0.gguf',
  '.x.gguf',
  '..x/y.gguf',
  '..%2f..%2fetc/passwd.gguf',
  `${'x'.repeat(250)}.gguf`,
  ':Q4_K_M',
  ':I-Compact',
])('%j may be a file of a repository', (file) => {
  expect(problemsOf(HubFile, file)).toEqual([])
})

test.each([
  '',
  '../../etc/passwd',
  '../a.gguf',
  'a/../../b.gguf',
  'a/..',
  'a/./b.gguf',
  '/a.gguf',
  '/etc/passwd',
  'a//b.gguf',
  'a/b.gguf/',
  'a\\b.gguf',
  'a\nb.gguf',
  'a\0.gguf',
  'a\u0085.gguf',
  'a?x.gguf',
  'a.gguf?download=true',
  'a.gguf#x',
  '.gguf',
  'x/.gguf',
  'README.md',
  ':',
  ':../a',
  ':a/b',
  ':Q4 K',
  `${'x'.repeat(260)}.gguf`,
  `${'x/'.repeat(600)}a.gguf`,
])('%j may not, and the sentence says what may', (file) => {
  expect(problemsOf(HubFile, file)).toContainEqual({
    field: '',
    reason: expect.stringMatching(/must be the path of a GGUF file|must not have more than 400/),
  })
})

test.each(['main', 'v1.0', 'refs/pr/1', 'feature/x', 'a'.repeat(40)])('%j may be a revision', (revision) => {
  expect(problemsOf(HubRevision, revision)).toEqual([])
})

test.each([
  '',
  '..',
  '../../x',
  'a..b',
  '/a',
  'a/',
  'a//b',
  '.a',
  'a b',
  'a?b',
  'a#b',
  'a\\b',
  'a\nb',
  'HEAD~1',
  'x'.repeat(257),
])('%j may not be one', (revision) => {
  expect(problemsOf(HubRevision, revision)).not.toEqual([])
})

test.each([
  'acme',
  'acme/',
  '/tiny',
  '../tiny',
  'acme/..',
  'acme/tiny/x',
  'acme/ti ny',
  'https://huggingface.co/acme/tiny',
  'acme/tiny?x',
])('%j may not be a repository', (repo) => {
  expect(problemsOf(HubRepo, repo)).toEqual([{ field: '', reason: 'must be OWNER/NAME, as the hub writes it' }])
})
