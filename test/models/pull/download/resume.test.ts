import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import type { DownloadProgress } from '../../../../src/models/pull/download/download.ts'
import { discard } from '../../../../src/models/pull/staging/staging.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { type Attempt, attempt, problemOfSuccess, remoteOf, small } from '../fixture.ts'
import { type Asked, rawServer } from '../raw-origin.ts'
import { honest } from '../replies.ts'
import { bytesOf } from '../seeded.ts'

const name = 'model.gguf'
const content = bytesOf(1, 2_000_000)
const files = [remoteOf(name, content)]
const bytesAsked = (asked: readonly Asked[]): number =>
  asked.reduce((sum, { range }) => sum + (range === null ? content.length : range.to - range.from), 0)

/** With the patience of a real download: on a busy machine the usual one of these tests ends, and a request is made twice. */
const download = (given: Attempt) => attempt({ settings: { stallMs: 30_000 }, ...given })

/** A staging folder with about half of the file, of commit `one`; the pull was cancelled. */
const halfDone = async () => {
  const folder = join(tempDir(), '.pull-model')
  const cancel = new AbortController()
  const server = rawServer((asked, no) => {
    if (no === 5) cancel.abort()
    return honest(content, asked)
  })
  const phases: string[] = []
  const outcome = await download({
    folder,
    url: server.url,
    files,
    commit: 'one',
    signal: cancel.signal,
    onProgress: ({ phase }) => phases.push(phase),
  })
  expect((outcome as Hal0Error).code).toBe('pull.cancelled')
  expect(phases.at(-1)).toBe('cancelled')
  const { written } = JSON.parse(readFileSync(join(folder, `${name}.ranges.json`), 'utf8')) as { written: number[][] }
  const here = written.reduce((sum, [from = 0, to = 0]) => sum + to - from, 0)
  expect(here).toBeGreaterThan(0)
  expect(here).toBeLessThan(content.length)
  return { folder, here }
}

const goOn = async (folder: string, over: { commit?: string; files?: typeof files } = {}) => {
  const server = rawServer((asked) => honest(content, asked))
  const seen: DownloadProgress[] = []
  const onProgress = (progress: DownloadProgress) => seen.push(progress)
  const outcome = await download({ folder, url: server.url, files, commit: 'one', onProgress, ...over })
  return { outcome, server, seen }
}

describe('a download that was cancelled', () => {
  test('goes on with exactly what is missing, and its figures begin with what is here', async () => {
    const { folder, here } = await halfDone()
    const { server, seen } = await goOn(folder)
    expect(bytesAsked(server.asked)).toBe(content.length - here)
    expect(seen[0]?.received).toBeGreaterThanOrEqual(here)
    expect(seen.at(-1)).toMatchObject({ phase: 'done', received: content.length, total: content.length, etaS: 0 })
    expect(problemOfSuccess(folder, { [name]: content })).toBeNull()
  })

  test('starts over for another commit', async () => {
    const { folder } = await halfDone()
    const { server } = await goOn(folder, { commit: 'two' })
    expect(bytesAsked(server.asked)).toBe(content.length)
    expect(problemOfSuccess(folder, { [name]: content })).toBeNull()
  })

  test.each([
    ['without its journal', (path: string) => writeFileSync(`${path}.ranges.json`, '')],
    ['with a journal that is no JSON', (path: string) => writeFileSync(`${path}.ranges.json`, '{"written":[[0,')],
    ['with a shorter partial', (path: string) => truncateSync(`${path}.partial`, 10)],
  ])('starts over %s', async (_, spoil) => {
    const { folder } = await halfDone()
    spoil(join(folder, name))
    const { server } = await goOn(folder)
    expect(bytesAsked(server.asked)).toBe(content.length)
    expect(problemOfSuccess(folder, { [name]: content })).toBeNull()
  })

  test('with spoiled bytes is found out, thrown away, and right the next time', async () => {
    const { folder } = await halfDone()
    const partial = readFileSync(join(folder, `${name}.partial`))
    partial[0] = (partial[0] ?? 0) ^ 1
    writeFileSync(join(folder, `${name}.partial`), partial)
    expect((await goOn(folder)).outcome).toMatchObject({ code: 'pull.checksum_mismatch' })
    await goOn(folder)
    expect(problemOfSuccess(folder, { [name]: content })).toBeNull()
  })

  test('is thrown away by discard, which may be said twice', async () => {
    const { folder } = await halfDone()
    await discard(folder)
    expect(existsSync(folder)).toBe(false)
    await discard(folder)
  })
})

describe('several files', () => {
  const second = bytesOf(2, 700_000)
  const both = [remoteOf('x/m-00001-of-00002.gguf', content), remoteOf('x/m-00002-of-00002.gguf', second)]
  const contents = { 'm-00001-of-00002.gguf': content, 'm-00002-of-00002.gguf': second }
  const reply = (asked: Asked) => honest(asked.path.includes('00001') ? content : second, asked)

  test('are one download with figures over their sum, told of at most 4 times a second', async () => {
    const folder = join(tempDir(), '.pull-model')
    const server = rawServer((asked) => ({ ...reply(asked), pieceBytes: 4096 }))
    const seen: [number, DownloadProgress][] = []
    const onProgress = (progress: DownloadProgress) => seen.push([performance.now(), progress])
    await download({ folder, url: server.url, files: both, onProgress, settings: { maxConnections: 1 } })
    expect(problemOfSuccess(folder, contents)).toBeNull()
    expect(seen.length).toBeGreaterThan(1)
    for (const [n, [at]] of seen.entries()) expect(at - (seen[n - 4]?.[0] ?? -1000)).toBeGreaterThan(990)
    const received = seen.map(([, one]) => one.received)
    expect(received).toEqual(received.toSorted((a, b) => a - b))
    expect(seen.at(-1)?.[1]).toMatchObject({ phase: 'done', received: 2_700_000, total: 2_700_000, file: null })
  })

  test('that are here already are hashed, and not asked for again', async () => {
    const folder = join(tempDir(), '.pull-model')
    const server = rawServer(reply)
    await download({ folder, url: server.url, files: both })
    const asked = server.asked.length
    expect(await download({ folder, url: server.url, files: both })).toHaveLength(2)
    expect(server.asked.length).toBe(asked)
    writeFileSync(join(folder, 'm-00002-of-00002.gguf'), bytesOf(3, second.length))
    await download({ folder, url: server.url, files: both })
    expect(server.asked.length).toBeGreaterThan(asked)
    expect(problemOfSuccess(folder, contents)).toBeNull()
  })
})

test('what other downloads left in the folder goes, what its owner put there stays', async () => {
  const folder = join(tempDir(), '.pull-model')
  mkdirSync(folder)
  for (const one of ['other.gguf.partial', 'other.gguf.ranges.json', '.x.0123456789abcdef.tmp', 'request.json']) {
    writeFileSync(join(folder, one), '')
  }
  await goOn(folder)
  expect(readdirSync(folder).sort()).toEqual([name, `${name}.sha256`, 'request.json'])
})

test('a name that cannot be stored is refused before anything is asked for', async () => {
  for (const path of ['..', 'x/', '.hidden', '..%2fx', 'a\nb', 'a\\b', `${'x'.repeat(250)}.gguf`]) {
    const { outcome, server } = await goOn(join(tempDir(), '.pull-model'), { files: [remoteOf(path, content)] })
    expect(outcome).toMatchObject({ code: 'request.invalid' })
    expect(server.asked).toEqual([])
  }
  const twins = [remoteOf('a/m.gguf', content), remoteOf('b/m.gguf', content)]
  expect((await goOn(join(tempDir(), '.pull-model'), { files: twins })).outcome).toBeInstanceOf(Hal0Error)
})

test('names with spaces, unicode and percent signs are stored as they are', async () => {
  for (const odd of ['a b c.gguf', 'modèle-模型-🦙.gguf', 'x%2f..%2f..%2fetc%2fpasswd', "it's $(x) `y`.gguf"]) {
    const folder = join(tempDir(), '.pull-model')
    // Small enough for one request each.
    const blob = content.subarray(0, small.segmentBytes)
    const server = rawServer((asked) => honest(blob, asked))
    await download({ folder, url: server.url, files: [remoteOf(odd, blob)] })
    expect(problemOfSuccess(folder, { [odd]: blob })).toBeNull()
  }
})
