import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { filePattern, folderPattern, repoPattern, revisionPattern } from '../../src/contract/models/hub-source.ts'
import { readHubReference, unreadable } from '../../src/lib/hub/hub-reference.ts'

const repo = 'acme/tiny-GGUF'
const hub = 'https://huggingface.co/acme/tiny-GGUF'
const commit = '0123456789abcdef0123456789abcdef01234567'
const endpoints = ['http://nas:8000', 'https://mirror.example/hf', 'http://127.0.0.1:5000/a/b']

const reading = (text: string) => readHubReference(text, endpoints)
/** The expected result, apart from the repository. */
const said = (revision: string | null, file: string | null = null, folder: string | null = null) => ({
  kind: 'reference' as const,
  reference: { repo, revision, file, folder },
})

describe('what people write', () => {
  test.each([
    ['acme/tiny-GGUF', said(null)],
    [' acme/tiny-GGUF:Q4_K_M ', said(null, ':Q4_K_M')],
    ['"acme/tiny-GGUF"', said(null)],
    ['acme/tiny-GGUF:I-Compact', said(null, ':I-Compact')],
    ['acme/tiny-GGUF:a.gguf', said(null, 'a.gguf')],
    ['acme/tiny-GGUF/a.gguf', said(null, 'a.gguf')],
    ['acme/tiny-GGUF/Q4/a-00002-of-00003.gguf', said(null, 'Q4/a-00002-of-00003.gguf')],
    ['acme/tiny-GGUF/tree/main', said('main')],
    ['hf.co/acme/tiny-GGUF:Q8_0', said(null, ':Q8_0')],
    ['HF.co/acme/tiny-GGUF:latest', said(null, ':latest')],
    ['hf.co/acme/tiny-GGUF/a.gguf', said(null, 'a.gguf')],
    ['huggingface.co/acme/tiny-GGUF', said(null)],
    ['hf://acme/tiny-GGUF', said(null)],
    ['hf://acme/tiny-GGUF:Q8_0', said(null, ':Q8_0')],
    ['hf://acme/tiny-GGUF/Q4/a.gguf', said(null, 'Q4/a.gguf')],
    ['hf://acme/tiny-GGUF/UD-Q4_K_XL', said(null, null, 'UD-Q4_K_XL')],
    ['hf://models/acme/tiny-GGUF@v1/a.gguf', said('v1', 'a.gguf')],
    ['hf://acme/tiny-GGUF@refs/pr/1/a.gguf', said('refs/pr/1', 'a.gguf')],
    ['hf://acme/tiny-GGUF@dev', said('dev')],
    ['hf://acme/tiny-GGUF?show_file_info=Q4%2Fa.gguf#top', said(null, 'Q4/a.gguf')],
    ['huggingface://acme/tiny-GGUF/a.gguf', said(null, 'a.gguf')],
    ['git@hf.co:acme/tiny-GGUF.git', said(null)],
  ])('%s is understood', (text, expected) => {
    expect(reading(text)).toEqual(expected)
  })

  test.each(['', 'qwen', 'qwen 7b / instruct', 'acme/', '/tiny', '/etc/passwd', 'acme/ti ny', 'tiny Q4_K_M'])(
    '%j is searched for',
    (text) => {
      expect(reading(text)).toEqual({ kind: 'words' })
    },
  )
})

/** The part of the address after the repository. */
const pages: [string, ReturnType<typeof said>][] = [
  ['', said(null)],
  ['/', said(null)],
  ['.git', said(null)],
  [':UD-Q4_K_XL', said(null, ':UD-Q4_K_XL')],
  ['?library=llama-cpp-python', said(null)],
  ['?show_file_info=', said(null)],
  ['#how-to-use', said(null)],
  ['?show_file_info=a.gguf', said(null, 'a.gguf')],
  ['?show_file_info=UD-Q4%2Fa%20b.gguf&x=1', said(null, 'UD-Q4/a b.gguf')],
  ['/tree/main?show_file_info=a.gguf', said('main', 'a.gguf')],
  ['/resolve/main/a.gguf', said('main', 'a.gguf')],
  ['/resolve/main/a.gguf?download=true', said('main', 'a.gguf')],
  ['/raw/main/a.gguf', said('main', 'a.gguf')],
  ['/blob/main/Q4%20K/a.gguf#L1', said('main', 'Q4 K/a.gguf')],
  ['/blob/v1.0/%E6%A8%A1%E5%9E%8B-Q8_0.gguf', said('v1.0', '模型-Q8_0.gguf')],
  [`/blob/${commit}/a.gguf`, said(commit, 'a.gguf')],
  ['/resolve/refs%2Fpr%2F1/x/a.gguf', said('refs/pr/1', 'x/a.gguf')],
  ['/resolve/refs/pr/1/x/a.gguf', said('refs/pr/1', 'x/a.gguf')],
  ['/tree/main', said('main')],
  ['/tree/main/', said('main')],
  ['/tree/v1', said('v1')],
  ['/tree/feature%2Fnew/UD', said('feature/new', null, 'UD')],
  ['/tree/main/BF16', said('main', null, 'BF16')],
  ['/tree/refs%2Fpr%2F1/a/b', said('refs/pr/1', null, 'a/b')],
]

describe('addresses of the hub', () => {
  test.each(pages)('a repository’s %s', (page, expected) => {
    expect(reading(`${hub}${page}`)).toEqual(expected)
  })

  test.each([
    'http://huggingface.co',
    'https://www.huggingface.co',
    'https://hf.co',
    'HTTPS://HuggingFace.co:443',
    '//huggingface.co',
    'hf.co',
    'http://nas:8000',
    'nas:8000',
    'https://mirror.example/hf',
    'http://mirror.example/hf/',
    'mirror.example/hf',
    'http://127.0.0.1:5000/a/b',
  ])('read the same at %s', (site) => {
    for (const [page, expected] of pages) expect(reading(`${site}/${repo}${page}`)).toEqual(expected)
  })
})

test.each([
  ['acme/tiny:', 'has nothing after the colon'],
  ['acme/tiny/extra', 'is not the page of a repository or a file'],
  ['../tiny', 'names no repository'],
  ['acme/..', 'names no repository'],
  ['acme/tiny@v1', 'has a revision where none is allowed'],
  ['https://huggingface.co', 'names no repository'],
  ['https://huggingface.co/acme', 'names an owner, not a repository'],
  ['https://huggingface.co/datasets/acme/tiny', 'is a dataset of the hub, not a model'],
  ['hf://datasets/acme/tiny', 'is a dataset of the hub, not a model'],
  ['https://huggingface.co/spaces/acme/tiny', 'is a space of the hub, not a model'],
  ['https://huggingface.co/collections/acme/tiny-1', 'is a collection of the hub: choose one of its repositories'],
  ['https://huggingface.co/papers/2401.00001', 'is a paper at the hub: choose a repository'],
  ['https://huggingface.co/docs/hub', "is one of the hub's own pages, not a model"],
  ['https://huggingface.co/models?search=tiny', "is the hub's list of models: choose a repository"],
  ['https://huggingface.co/api/models/acme/tiny', "is an address of the hub's API: paste that of the page"],
  [`${hub}/discussions/1`, 'is a page of discussions or of a pull request, which shows no files'],
  [`${hub}/commit/${commit}`, 'is the page of a commit: paste that of the files at it (/tree/COMMIT)'],
  [`${hub}/blob/main/README.md`, 'is of a file that is not GGUF'],
  [`${hub}/resolve/main/model.safetensors?download=true`, 'is of a file that is not GGUF'],
  [`${hub}?show_file_info=model.safetensors`, 'is of a file that is not GGUF'],
  [`${hub}/resolve/main`, 'names no file'],
  [`${hub}/resolve/main/..%2f..%2fetc.gguf`, 'names no file'],
  [`${hub}/resolve/main/a%3Fb.gguf`, 'names no file'],
  [`${hub}/resolve/main/a%3Fb`, 'is of a file that is not GGUF'],
  [`${hub}/blob/main/${'x/'.repeat(600)}a.gguf`, 'names no file'],
  [`${hub}/resolve/main/%zz`, 'has a broken %-escape'],
  [`${hub}/tree/..%2f../a.gguf`, 'names no revision'],
  [`${hub}:Q4_K_M/a.gguf`, 'has a label, and more after it'],
  ['https://evil.example/acme/tiny', 'is not an address of the hub, nor of a mirror in use (hub.mirrors, HF_ENDPOINT)'],
  ['ollama.com/library/llama3', 'is not an address of the hub, nor of a mirror in use (hub.mirrors, HF_ENDPOINT)'],
  [
    'https://huggingface.co.evil.example/acme/tiny',
    'is not an address of the hub, nor of a mirror in use (hub.mirrors, HF_ENDPOINT)',
  ],
  ['https://mirror.example/acme/tiny', 'is not an address below mirror.example/hf'],
  ['http://nas:9000/acme/tiny', 'is not an address of the hub, nor of a mirror in use (hub.mirrors, HF_ENDPOINT)'],
  ['https://acme-chat.hf.space/', 'is a space of the hub, not a model'],
  [
    'https://cas-bridge.xethub.hf.co/xet/a/b',
    "is an address of the hub's storage, which expires: paste that of the file's page",
  ],
  ['https://huggingface.co@evil.example/acme/tiny', 'holds a user name or a password: paste it without'],
  ['ftp://huggingface.co/acme/tiny', 'is not an address of the hub'],
  ['modelscope://acme/tiny', 'is not an address of the hub'],
  [`acme/${'x'.repeat(5000)}`, 'is not the name of a model'],
])('%j is refused: it %s', (text, problem) => {
  expect(reading(text)).toEqual({ kind: 'refused', problem })
})

test('a refusal says what to write, and repeats no secret', () => {
  const error = unreadable('https://me:hf_secret@huggingface.co/a/b?token=hf_other', 'holds a password')
  expect(error.body()).toMatchObject({ code: 'request.invalid', param: 'text' })
  expect(error.message).toBe(
    '"https://…@huggingface.co/a/b" holds a password. Write OWNER/NAME, OWNER/NAME:Q4_K_M, or the address of the repository or of a file in it.',
  )
})

test('whatever is written, the result is within the contract, and nothing is thrown', () => {
  const part = fc.constantFrom(
    ...[
      'https://',
      'hf://',
      'hf.co',
      'huggingface.co',
      'nas:8000',
      '/',
      '/',
      'acme',
      'tiny',
      ':',
      '@',
      '%2f',
      '%',
      '%3F',
      '%5C',
      '..',
      '.',
    ],
    ...['resolve', 'tree', 'blob', 'main', '?', '#', 'show_file_info=', '.gguf', 'Q4_K_M', ' ', 'datasets', '模'],
  )
  const fits = (pattern: string, value: string | null) => value === null || new RegExp(pattern).test(value)
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part, { maxLength: 14 }).map((parts) => parts.join('')),
      ),
      (text) => {
        const read = reading(text)
        if (read.kind !== 'reference') return
        const { repo: name, revision, file, folder } = read.reference
        expect([
          fits(repoPattern, name),
          fits(revisionPattern, revision),
          fits(filePattern, file),
          fits(folderPattern, folder),
        ]).toEqual([true, true, true, true])
      },
    ),
    { numRuns: 5000 },
  )
})
