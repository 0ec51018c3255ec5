/** A slot gets an id of the catalog: the model is pulled, from a fake hub that has a repository and a file with these names. */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import type { CatalogOffer } from '../../../src/contract/models/catalog.ts'
import type { ModelEntry } from '../../../src/contract/models/model.ts'
import { catalogEntries } from '../../../src/models/catalog/catalog.ts'
import { Daemon, errorOf, runHal0 } from '../../support/daemon.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'
import { SlotWatch } from '../../support/slot-watch.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { executable } from '../../system/programs.ts'

setDefaultTimeout(60_000)

const setUp = async (endpoint: string) => {
  const daemon = await Daemon.start({
    env: { HF_ENDPOINT: endpoint, HOME: '/nonexistent', HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1' },
  })
  return { daemon, engine: makeStandIn(join(daemon.root, 'engine')) }
}

const first = catalogEntries.find((entry) => entry.first)
if (first === undefined) throw new Error('the catalog has no first model')

test('a slot with a model of the catalog pulls it at its first load, and becomes ready with it', async () => {
  const content = new Uint8Array(await Bun.file(await tinyModel()).arrayBuffer())
  const hub = await FakeHub.start({ repos: [{ id: first.repo, files: [{ path: first.file, content }] }] })
  onTestFinished(() => hub.stop())
  const { daemon, engine } = await setUp(hub.url)
  await daemon.must('POST', '/api/slots', { name: 'primary', model: first.id, engine })
  const watch = await SlotWatch.open(daemon)
  expect((await runHal0(['slot', 'load', 'primary'], { env: daemon.env })).code).toBe(0)
  await watch.untilState('ready')
  expect(watch.states('primary').slice(0, 5)).toEqual(['offline', 'pulling', 'starting', 'warming', 'ready'])
  const entry = await daemon.must<ModelEntry>('GET', `/api/models/${first.id}`)
  expect(entry.source).toMatchObject({ repo: first.repo, files: [first.file] })
  const offers = await daemon.must<CatalogOffer[]>('GET', '/api/catalog')
  expect(offers.filter(({ installed }) => installed).map(({ id }) => id)).toEqual([first.id])
})

test('requests for a slot whose model the hub refuses for a while are told when to retry, and are not if retrying never helps', async () => {
  const content = new Uint8Array(await Bun.file(await tinyModel()).arrayBuffer())
  const hub = await FakeHub.start({ repos: [{ id: first.repo, files: [{ path: first.file, content }] }] })
  onTestFinished(() => hub.stop())
  hub.rateLimit = { left: 0, resetS: 300 }
  const { daemon, engine } = await setUp(hub.url)
  await daemon.must('POST', '/api/slots', { name: 'primary', model: first.id, engine })
  expect(errorOf(await daemon.call('POST', '/api/slots/primary/load?wait=30')).code).toBe('pull.rate_limited')
  const limited = await daemon.chat()
  expect(errorOf(limited).code).toBe('pull.rate_limited')
  const retryAfter = Number(limited.headers.get('retry-after'))
  expect(retryAfter).toBeGreaterThan(200)
  expect(retryAfter).toBeLessThanOrEqual(301)
  expect(limited.headers.get('x-should-retry')).toBeNull()
  const dying = executable(daemon.root, 'dying', '#!/bin/sh\nexit 3\n')
  await daemon.addSlot(await tinyModel(), { name: 'other', engine: dying })
  expect(errorOf(await daemon.call('POST', '/api/slots/other/load?wait=30')).code).toBe('slot.crashed')
  const broken = await daemon.chat({ model: 'other' })
  expect(errorOf(broken).code).toBe('slot.crashed')
  expect([broken.headers.get('retry-after'), broken.headers.get('x-should-retry')]).toEqual([null, 'false'])
})

test('a slot with a speech model says that no engine runs it yet, and nothing is pulled', async () => {
  const { daemon, engine } = await setUp('http://127.0.0.1:9')
  await daemon.must('POST', '/api/slots', { name: 'primary', model: 'moonshine-tiny-en', engine })
  const error = errorOf(await daemon.call('POST', '/api/slots/primary/load?wait=10'))
  expect([error.code, error.message]).toEqual([
    'model.not_found',
    expect.stringContaining('no engine for speech recognition'),
  ])
  expect(await daemon.must<unknown[]>('GET', '/api/pulls')).toEqual([])
})

test('a search with the hub out of reach lists what the catalog has', async () => {
  const { daemon } = await setUp('http://127.0.0.1:9')
  const { code, stdout, stderr } = await runHal0(['model', 'search', 'qwen2.5', '0.5b'], { env: daemon.env })
  expect([code, stderr]).toEqual([0, expect.stringContaining('The hub cannot be reached')])
  expect(stdout).toContain(first.id)
})
