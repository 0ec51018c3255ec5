/** The first bytes of a file are judged before the rest is asked for. */
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { systemClock } from '../../../../src/lib/clock.ts'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import { download } from '../../../../src/models/pull/download/download.ts'
import { headJudge } from '../../../../src/models/pull/thread/head-judge.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { arrayEntry, gguf, stringEntry, tensor, text, u16Entry } from '../../gguf/gguf-bytes.ts'
import { remoteOf, small } from '../fixture.ts'
import { type Asked, originAt, rawServer } from '../raw-origin.ts'
import { honest } from '../replies.ts'

const headBytes = 16 * 1024
const bodyBytes = 2_000_000
const architecture = stringEntry('general.architecture', 'llama')

/** A model whose tensors take the most of it. */
const model = (...entries: Buffer[]): Buffer =>
  gguf({ entries: [architecture, ...entries], tensors: [tensor('a', [bodyBytes / 4], 0, 0)], data: bodyBytes })

/** Metadata that take so many bytes. */
const vocabulary = (bytes: number): Buffer => arrayEntry('tokenizer.ggml.tokens', 8, 1, text('x'.repeat(bytes)))

const pull = async (
  contents: Record<string, Buffer>,
  { projector = null, reply = honest }: { projector?: string | null; reply?: typeof honest } = {},
) => {
  const paths = Object.keys(contents)
  const server = rawServer((asked: Asked) => reply(contents[asked.path] ?? Buffer.alloc(0), asked))
  const result = await download(
    {
      folder: join(tempDir(), '.pull'),
      commit: 'c0ffee',
      files: paths.map((path) => remoteOf(path, contents[path] ?? Buffer.alloc(0))),
    },
    {
      origin: originAt(server.url),
      clock: systemClock,
      signal: new AbortController().signal,
      onProgress: () => {},
      settings: { ...small, headBytes },
      judge: headJudge(paths, projector),
    },
  ).catch((error: unknown) => error as Hal0Error)
  return { result, server }
}

/** The end of what was asked for, of one file. */
const askedTo = (server: { asked: Asked[] }, path: string): number =>
  Math.max(...server.asked.filter((one) => one.path === path).map(({ range }) => range?.to ?? Number.POSITIVE_INFINITY))

test('a model whose header is fine is fetched whole', async () => {
  const { result } = await pull({ 'a.gguf': model() })
  expect(result).toMatchObject([{ name: 'a.gguf' }])
})

const refusals: Record<string, [Buffer, string]> = {
  'an adapter': [model(stringEntry('general.type', 'adapter')), 'a LoRA adapter'],
  'an adapter of an old converter': [model(stringEntry('adapter.type', 'lora')), 'a LoRA adapter'],
  'an importance matrix': [model(stringEntry('general.type', 'imatrix')), 'an importance matrix'],
  'a lone shard': [model(u16Entry('split.no', 1), u16Entry('split.count', 3)), 'it is part 2 of 3'],
  'what makes images': [gguf({ entries: [stringEntry('general.architecture', 'flux')], data: bodyBytes }), 'images'],
  'a web page': [Buffer.from(`<!DOCTYPE html>${' '.repeat(bodyBytes)}`), 'a web page'],
  'one that was cut at the origin': [model().subarray(0, bodyBytes / 2), 'its tensors reach to byte'],
  'a vocabulary': [gguf({ entries: [architecture, vocabulary(1000)], data: bodyBytes }), 'it holds no tensors'],
}
for (const [what, [content, why]] of Object.entries(refusals)) {
  test(`${what} is refused after the first bytes`, async () => {
    const { result, server } = await pull({ 'a.gguf': content })
    expect(result).toBeInstanceOf(Hal0Error)
    expect(result).toMatchObject({ code: 'model.invalid_file', message: expect.stringContaining(why) })
    expect(server.asked).toEqual([{ path: 'a.gguf', range: { from: 0, to: headBytes } }])
  })
}

test('a small file is refused once it is here', async () => {
  const pointer = Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4000000000\n')
  const { result } = await pull({ 'a.gguf': pointer })
  expect(result).toMatchObject({ code: 'model.invalid_file', message: expect.stringContaining('Git LFS') })
})

test('a header longer than the first bytes is judged as soon as it is here', async () => {
  const { result, server } = await pull({
    'a.gguf': model(vocabulary(5 * headBytes), stringEntry('general.type', 'adapter')),
  })
  expect(result).toMatchObject({ code: 'model.invalid_file' })
  expect(askedTo(server, 'a.gguf')).toBe(16 * headBytes)
  const fine = await pull({ 'a.gguf': model(vocabulary(5 * headBytes)) })
  expect(fine.result).toMatchObject([{ name: 'a.gguf' }])
})

test('the heads of all files come first: a projector that is none costs no model', async () => {
  const { result, server } = await pull({ 'a.gguf': model(), 'mmproj.gguf': model() }, { projector: 'mmproj.gguf' })
  expect(result).toMatchObject({
    code: 'model.invalid_file',
    message: expect.stringContaining('mmproj.gguf is not a usable GGUF model: it is not a vision projector'),
  })
  expect(askedTo(server, 'a.gguf')).toBe(headBytes)
})

test('what came with the heads is not fetched again', async () => {
  const shard = (no: number) => model(u16Entry('split.no', no), u16Entry('split.count', 2))
  const contents = { 'a-00001-of-00002.gguf': shard(0), 'a-00002-of-00002.gguf': shard(1) }
  const { result, server } = await pull(contents)
  expect(result).toMatchObject([{ name: 'a-00001-of-00002.gguf' }, { name: 'a-00002-of-00002.gguf' }])
  for (const [path, content] of Object.entries(contents)) {
    const bytes = server.asked
      .filter((one) => one.path === path)
      .map(({ range }) => (range?.to ?? 0) - (range?.from ?? 0))
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBe(content.length)
  }
})

test('an origin that ignores Range is judged while it sends', async () => {
  const ignoring: typeof honest = (content, asked) => ({
    ...honest(content, { ...asked, range: null }),
    pieceBytes: 16 * 1024,
  })
  const { result, server } = await pull(
    { 'a.gguf': model(stringEntry('general.type', 'adapter')) },
    { reply: ignoring },
  )
  expect(result).toMatchObject({ code: 'model.invalid_file' })
  expect(server.sent()).toBeLessThan(bodyBytes)
  const fine = await pull({ 'a.gguf': model(), 'b.gguf': model() }, { reply: ignoring })
  expect(fine.result).toMatchObject([{ name: 'a.gguf' }, { name: 'b.gguf' }])
})
