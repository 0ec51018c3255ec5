import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { CatalogOffer } from '../../../src/contract/models/catalog.ts'
import { tiny } from '../support/fake-services.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  server.models.entries.set('bge-m3-q8_0', { ...tiny, id: 'bge-m3-q8_0' })
})
afterAll(() => server.stop())

const get = async (query = ''): Promise<CatalogOffer[]> =>
  (await (await fetch(`${server.url}/api/catalog${query}`)).json()) as CatalogOffer[]

test('the catalog says of every entry whether it is installed and whether it fits', async () => {
  const offers = await get()
  expect(offers.length).toBeGreaterThanOrEqual(12)
  expect(offers.filter(({ installed }) => installed).map(({ id }) => id)).toEqual(['bge-m3-q8_0'])
  expect(new Set(offers.map(({ fit }) => fit?.verdict))).toEqual(new Set(['fits', 'no']))
  expect(offers.filter(({ first }) => first)).toHaveLength(1)
})

test('a search in the catalog wants every word', async () => {
  expect((await get('?q=qwen3%20embedding')).map(({ id }) => id)).toEqual(['qwen3-embedding-0.6b-q8_0'])
  expect(await get('?q=nothing-like-it')).toEqual([])
})

test('an offer says what to send for a pull, and speech that there is nothing to send yet', async () => {
  const [embedding] = await get('?q=bge-m3')
  expect(embedding?.pull).toEqual({ repo: 'ggml-org/bge-m3-Q8_0-GGUF', file: 'bge-m3-q8_0.gguf' })
  expect((await get('?q=tts'))[0]?.pull).toBeNull()
})

test('another parameter is refused', async () => {
  expect((await fetch(`${server.url}/api/catalog?kind=chat`)).status).toBe(400)
})
