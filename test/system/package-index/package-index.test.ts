import { afterEach, expect, test } from 'bun:test'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { parseHtmlPage, parseJsonPage } from '../../../src/system/package-index/index-page.ts'
import { PackageIndex } from '../../../src/system/package-index/package-index.ts'
import { type FakeFile, type FakeIndex, fakeIndex } from '../../support/fake-index.ts'

const running: FakeIndex[] = []
afterEach(() => {
  for (const index of running.splice(0)) index.stop()
})
const start = (...options: Parameters<typeof fakeIndex>) => {
  const index = fakeIndex(...options)
  running.push(index)
  return index
}

const content = new TextEncoder().encode('the wheel')
const wheel: FakeFile = { name: 'xllamacpp-1.0-py3-none-any.whl', content }
const codes = {
  network: 'pull.network',
  absent: 'pull.not_found',
  refused: 'pull.unauthorized',
  checksum: 'pull.checksum_mismatch',
  setting: 'config.invalid',
} as const
const open = (env: Record<string, string>, stallMs = 5000) =>
  PackageIndex.open({ PIP_CONFIG_FILE: '/dev/null', ...env }, { codes, stallMs })
const client = (url: string, stallMs?: number) => open({ PIP_INDEX_URL: url }, stallMs)

const failure = async (work: Promise<unknown>): Promise<Hal0Error> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof Hal0Error) return error
  throw new Error('did not fail as it should', { cause: error })
}
const downloadFailure = async (index: FakeIndex, stallMs?: number) => {
  const api = await client(index.url, stallMs)
  const [file] = await api.files('xllamacpp')
  return await failure(api.download(file as never, async () => {}))
}

test.each(['html', 'json'] as const)('reads a page in %s, and downloads the file it lists', async (form) => {
  const index = start([wheel, { ...wheel, name: 'xllamacpp-0.9-py3-none-any.whl', yanked: true }], form)
  const api = await client(index.url)
  const files = await api.files('xllamacpp')
  expect(files.map(({ name, yanked, requiresPython }) => [name, yanked, requiresPython])).toEqual([
    ['xllamacpp-1.0-py3-none-any.whl', false, '>=3.10'],
    ['xllamacpp-0.9-py3-none-any.whl', true, '>=3.10'],
  ])
  const chunks: Uint8Array[] = []
  await api.download(files[0] as never, async (chunk) => void chunks.push(chunk))
  expect(Buffer.concat(chunks).toString()).toBe('the wheel')
})

test('a file whose checksum differs is refused, with both checksums', async () => {
  const error = await downloadFailure(start([{ ...wheel, sha256: '0'.repeat(64) }]))
  expect(error.code).toBe('pull.checksum_mismatch')
  expect(error.details).toMatchObject({
    expected: '0'.repeat(64),
    actual: new Bun.SHA256().update(content).digest('hex'),
  })
})

test.each([null, 'abc', `${'0'.repeat(63)}g`])(
  'a file without a usable checksum (%p) is not even fetched',
  async (sha256) => {
    const index = start([{ ...wheel, sha256 }])
    expect((await downloadFailure(index)).message).toContain('no sha256')
    expect(index.seen.map(({ path }) => path)).toEqual(['/simple/xllamacpp/'])
  },
)

test('a download cut short is refused', async () => {
  const half = () => new Response(content.slice(0, 4))
  const error = await downloadFailure(start([wheel], 'html', (path) => (path.startsWith('/files/') ? half() : null)))
  expect(error.code).toBe('pull.checksum_mismatch')
})

test('a download that claims to be compressed is taken as it is', async () => {
  const claim = () => new Response(content, { headers: { 'content-encoding': 'gzip' } })
  const api = await client(start([wheel], 'html', (path) => (path.startsWith('/files/') ? claim() : null)).url)
  const [file] = await api.files('xllamacpp')
  await api.download(file as never, async () => {})
})

test('an index that goes silent is given up', async () => {
  const silence = () => new Response(new ReadableStream({ start: (c) => c.enqueue(content.slice(0, 2)) }))
  const error = await downloadFailure(
    start([wheel], 'html', (path) => (path.startsWith('/files/') ? silence() : null)),
    100,
  )
  expect(error.message).toContain('sent nothing for 0.1 s')
})

test.each([
  [404, 'pull.not_found', 'does not have the package'],
  [401, 'pull.unauthorized', 'Check its user name and password'],
  [503, 'pull.network', 'Try again later'],
] as const)('status %p is explained, with its own code', async (status, code, words) => {
  const index = start([], 'html', () => new Response('', { status }))
  const error = await failure((await client(index.url)).files('xllamacpp'))
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)])
})

test('an index that cannot be reached is named by its host, with what to do', async () => {
  const index = start([])
  index.stop()
  const error = await failure((await client(index.url)).files('xllamacpp'))
  expect(error.message).toContain(new URL(index.url).host)
  expect(error.message).toContain('PIP_INDEX_URL')
})

test('invalid JSON is an error, not an empty list', async () => {
  const type = { headers: { 'content-type': 'application/vnd.pypi.simple.v1+json' } }
  const index = start([], 'json', () => new Response('{', type))
  expect((await failure((await client(index.url)).files('xllamacpp'))).message).toContain('cannot be read')
})

test('credentials in the URL go to the index, and into no message', async () => {
  const index = start([{ ...wheel, sha256: null }])
  const api = await client(index.url.replace('http://', 'http://me:s%40cret@'))
  const [file] = await api.files('xllamacpp')
  expect(index.seen[0]?.authorization).toBe(`Basic ${btoa('me:s@cret')}`)
  const error = await failure(api.download(file as never, async () => {}))
  expect(JSON.stringify([error.message, error.details, api.host])).not.toMatch(/s%40cret|s@cret|me:/)
})

test('credentials do not go to another host', async () => {
  const files = start([wheel])
  const page = `<a href="${files.url.replace('/simple', '')}/files/${wheel.name}#sha256=${new Bun.SHA256().update(content).digest('hex')}">x</a>`
  const index = start([], 'html', () => new Response(page, { headers: { 'content-type': 'text/html' } }))
  const api = await client(index.url.replace('http://', 'http://me:secret@'))
  const [file] = await api.files('xllamacpp')
  await api.download(file as never, async () => {})
  expect(files.seen).toEqual([{ path: `/files/${wheel.name}`, authorization: null }])
})

test('the environment names the index: pip first, then uv, then the public one', async () => {
  expect((await open({ PIP_INDEX_URL: 'http://a/x', UV_INDEX_URL: 'http://b/' })).host).toBe('a')
  expect((await open({ UV_DEFAULT_INDEX: 'mine=http://c/simple', PIP_INDEX_URL: '' })).host).toBe('c')
  expect((await open({})).host).toBe('pypi.org')
  expect(await failure(open({ PIP_INDEX_URL: 'file:///x' }))).toMatchObject({
    code: 'config.invalid',
    message: expect.stringContaining('PIP_INDEX_URL names is not an http or https URL'),
  })
})

test('a certificate file that is missing is named by its variable', async () => {
  const opening = open({ PIP_INDEX_URL: start([]).url, PIP_CERT: '/nowhere/ca.pem' })
  expect((await failure(opening)).message).toContain('PIP_CERT names /nowhere/ca.pem')
})

test('an HTML page may use entities, absolute links and other anchors', () => {
  const sum = 'A'.repeat(64)
  const html = `<a>none</a><a href="https://h/p/a%2Bb.whl#sha256=${sum}" data-requires-python='&#62;=3.8,&#x3C;4 &amp;'>x</a><a href="http://[">bad</a>`
  expect(parseHtmlPage(html, new URL('http://i/simple/x/'))).toEqual([
    {
      name: 'a+b.whl',
      url: new URL('https://h/p/a%2Bb.whl'),
      sha256: sum.toLowerCase(),
      yanked: false,
      requiresPython: '>=3.8,<4 &',
    },
  ])
})

test.each(['file:///etc/passwd', 'data:application/zip,wheel', 'ftp://h/a.whl', 'https://'])(
  'an index cannot make hal0 read %s: only what is on a web server counts',
  (href) => {
    const base = new URL('https://index.example/simple/x/')
    expect(parseHtmlPage(`<a href="${href}">a</a><a href="b.whl">b</a>`, base).map(({ name }) => name)).toEqual([
      'b.whl',
    ])
    const page = JSON.stringify({ files: [{ filename: 'a.whl', url: href }, { url: 'b.whl' }] })
    expect(parseJsonPage(page, base).map(({ name }) => name)).toEqual(['b.whl'])
  },
)

test('a link with a damaged escape loses nobody else', () => {
  const base = new URL('https://index.example/simple/x/')
  const names = parseHtmlPage('<a href="%zz.whl">a</a><a href="b%2B1.whl">b</a>', base).map(({ name }) => name)
  expect(names).toEqual(['%zz.whl', 'b+1.whl'])
})

test('a password that has a bare per cent sign is sent as it is', async () => {
  const index = start([wheel])
  const api = await client(index.url.replace('://', '://me:50%@'))
  await api.files('xllamacpp')
  expect(index.seen[0]?.authorization).toBe(`Basic ${btoa('me:50%')}`)
})

test('a JSON page with entries of the wrong shape loses only those', () => {
  const json = JSON.stringify({
    files: [null, 1, {}, { url: 'a.whl', yanked: '' }, { url: 'b.whl', hashes: { sha256: 5 } }],
  })
  expect(parseJsonPage(json, new URL('http://i/')).map(({ name, yanked }) => [name, yanked])).toEqual([
    ['a.whl', true],
    ['b.whl', false],
  ])
  expect(parseJsonPage('[]', new URL('http://i/'))).toEqual([])
})
