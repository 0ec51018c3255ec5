import { expect, onTestFinished, test } from 'bun:test'
import { SharedCount } from '../../../src/lib/async/shared-count.ts'
import { startServer } from '../support/server.ts'

test('requests that are let in are counted for other threads, but not those of whoever follows a pull', async () => {
  const requests = new SharedCount()
  const seenElsewhere = new SharedCount(requests.memory)
  const server = await startServer({ requests })
  onTestFinished(() => server.stop())
  /** @returns by how much the count grew */
  const ask = async (path: string, init?: RequestInit): Promise<number> => {
    const before = seenElsewhere.value
    await (await fetch(server.url + path, init)).arrayBuffer()
    return seenElsewhere.value - before
  }
  expect(await ask('/api/status')).toBe(1)
  expect(
    await ask('/v1/embeddings', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }),
  ).toBe(1)
  expect(await ask('/api/models/one/pull')).toBe(0)
  expect(await ask('/api/status', { headers: { host: 'evil.example' } })).toBe(0)
})
