import { expect, onTestFinished, spyOn, test } from 'bun:test'
import type { ErrorEnvelope } from '../../../src/contract/error.ts'
import { type ModelVerification, VerificationProgress } from '../../../src/contract/models/model.ts'
import { parse } from '../../../src/lib/validate.ts'
import { ModelRegistry } from '../../../src/models/registry/registry.ts'
import { endless, sparseModel } from '../../models/gguf/sparse-model.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'
import { EventReader } from '../support/event-reader.ts'
import { startServer } from '../support/server.ts'

/** The server on a real registry with a small model and one that no test has time to hash. */
const setUp = async () => {
  const folder = tempDir()
  sparseModel(folder, 'small', [1_000_000, 500_000])
  sparseModel(folder, 'large', [endless])
  const models = await ModelRegistry.open(folder)
  const server = await startServer({ models })
  onTestFinished(async () => {
    models.close()
    await server.stop()
  })
  const watch = (id: string) => EventReader.open(`${server.url}/api/models/${id}/verify/events`)
  const verify = (id: string, signal?: AbortSignal) =>
    fetch(`${server.url}/api/models/${id}/verify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      ...(signal === undefined ? {} : { signal }),
    })
  /** Begins one that never ends by itself. */
  const begin = async () => {
    const client = new AbortController()
    const answer = verify('large', client.signal).catch(() => null)
    await until('the verification is under way', () => models.verifying('large') !== null)
    return { answer, hangUp: () => client.abort() }
  }
  return { server, models, watch, verify, begin }
}

const codeOf = async (response: Response): Promise<string> => ((await response.json()) as ErrorEnvelope).error.code

/** Every event until the stream ends. */
const all = async (reader: EventReader): Promise<VerificationProgress[]> => {
  const events: VerificationProgress[] = []
  for (;;) {
    const block = await reader.nextBlock()
    if (block === null) return events
    if (block.comment) continue
    expect(block.event).toBe('verify')
    events.push(parse(VerificationProgress, JSON.parse(block.data)))
  }
}

test('a reader that came first hears a verification from its start to its end, the last figures included', async () => {
  const { watch, verify, server } = await setUp()
  const reader = await watch('small')
  const verdict = (await (await verify('small')).json()) as ModelVerification
  expect(verdict.files).toHaveLength(2)
  const events = await all(reader)
  expect(events[0]).toMatchObject({ id: 'small', bytes_total: 1_500_000, bytes_done: 0, file: 'local--small/0.gguf' })
  expect(events.at(-1)).toMatchObject({ bytes_total: 1_500_000, bytes_done: 1_500_000, file: null, eta_s: 0 })
  expect(server.app.streams.size).toBe(0)
})

test('a reader that comes later hears at once how far it is, then more', async () => {
  const { watch, begin } = await setUp()
  await begin()
  const reader = await watch('large')
  const [first, second] = (await reader.take(2)).map(({ data }) => parse(VerificationProgress, JSON.parse(data)))
  expect(first).toMatchObject({ id: 'large', bytes_total: endless })
  expect(second?.bytes_done).toBeGreaterThan(first?.bytes_done ?? 0)
  expect(second?.throughput_bps).toBeGreaterThan(0)
  reader.close()
})

test('watching starts nothing, and shows no other models', async () => {
  const { watch, verify, begin, models } = await setUp()
  const reader = await watch('small')
  await begin()
  expect(models.verifying('small')).toBeNull()
  await verify('small')
  expect(new Set((await all(reader)).map(({ id }) => id))).toEqual(new Set(['small']))
})

test('an unknown model is not found', async () => {
  const { server } = await setUp()
  const response = await fetch(`${server.url}/api/models/other/verify/events`)
  expect([response.status, await codeOf(response)]).toEqual([404, 'model.not_found'])
})

test('a client that hangs up ends the verification, and the stream that watched it', async () => {
  const { watch, begin, models } = await setUp()
  const { hangUp } = await begin()
  const reader = await watch('large')
  hangUp()
  expect((await all(reader)).at(-1)).toMatchObject({ file: 'local--large/0.gguf' })
  expect(models.verifying('large')).toBeNull()
})

test('a client that hangs up leaves it to another that joined, and watching is not waiting', async () => {
  const { watch, begin, models } = await setUp()
  const asked = spyOn(models, 'verify')
  const one = await begin()
  const two = await begin()
  await until('the second has joined', () => asked.mock.calls.length === 2)
  const reader = await watch('large')
  one.hangUp()
  await until('the first is known to be gone', () => asked.mock.calls[0]?.[1]?.aborted === true)
  expect(models.verifying('large')).not.toBeNull()
  two.hangUp()
  await all(reader)
  expect(models.verifying('large')).toBeNull()
})

test('removing the model ends the stream', async () => {
  const { watch, server } = await setUp()
  const reader = await watch('large')
  await fetch(`${server.url}/api/models/large`, { method: 'DELETE', headers: { 'content-type': 'application/json' } })
  expect(await all(reader)).toEqual([])
})

test('clients that wait are told of the end of the daemon', async () => {
  const { begin, models } = await setUp()
  const { answer } = await begin()
  models.close()
  const response = await answer
  expect([response?.status, await codeOf(response as Response)]).toEqual([503, 'model.verify_stopped'])
})
