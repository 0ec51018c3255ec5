/** How a request is handled in each state (spec §2.2), over HTTP. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import OpenAI from 'openai'
import { errorOf } from '../../support/daemon.ts'
import { standInEventsOf } from '../../support/stand-in-llama.ts'
import { until } from '../../support/until.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

const sinceMs = (began: number) => performance.now() - began

test('offline and manual: refused at once with slot.not_loaded and what to do', async () => {
  const { daemon, program } = await startStandIn()
  const answer = await daemon.chat()
  expect(answer.status).toBe(503)
  expect(answer.headers.get('x-should-retry')).toBe('false')
  expect(answer.headers.get('retry-after')).toBeNull()
  expect(errorOf(answer)).toEqual({
    message: 'Slot primary is offline. Load it: hal0 slot load primary',
    type: 'server_error',
    param: null,
    code: 'slot.not_loaded',
    details: { slot: 'primary' },
  })
  expect(standInEventsOf(program, 'start')).toEqual([])
})

test('offline and on-demand: one load for fifty requests, and all are answered', async () => {
  const { daemon, program } = await startStandIn({ load_ms: 300 }, { load: 'on-demand' })
  const answers = await Promise.all(Array.from({ length: 50 }, () => daemon.chat()))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect(standInEventsOf(program, 'start')).toHaveLength(1)
})

test("offline and on-demand: Home Assistant's client lists the models within its 10 s, and its chat is served", async () => {
  const { daemon } = await startStandIn({ load_ms: 300 }, { load: 'on-demand' })
  const client = new OpenAI({ baseURL: `${daemon.url}/v1`, apiKey: 'sk-0000000000000000000', maxRetries: 0 })
  const models = await client.withOptions({ timeout: 10_000 }).models.list()
  expect(models.data.map(({ id }) => id)).toContain('primary')
  const stream = await client.chat.completions.create({
    model: 'primary',
    messages: [{ role: 'user', content: 'hi' }],
    max_tokens: 3,
    stream: true,
    tools: [
      {
        type: 'function',
        function: {
          name: 'HassTurnOn',
          description: 'Turns on a device.',
          parameters: { type: 'object', properties: { name: { type: 'string' } }, required: [] },
        },
      },
    ],
  })
  let finish: string | null = null
  for await (const { choices } of stream) finish = choices[0]?.finish_reason ?? finish
  expect(finish).not.toBeNull()
})

test('offline and on-demand: when the load fails, all that wait get its one error', async () => {
  const { daemon, program } = await startStandIn(
    { exit: { after_ms: 0, code: 3, print: ['no'] } },
    { load: 'on-demand' },
  )
  const answers = await Promise.all(Array.from({ length: 20 }, () => daemon.chat()))
  expect(new Set(answers.map((answer) => JSON.stringify(errorOf(answer)))).size).toBe(1)
  expect(answers.map((answer) => errorOf(answer).code)[0]).toBe('slot.crashed')
  expect(standInEventsOf(program, 'start')).toHaveLength(1)
})

test('starting: waits start_wait_s, then 503 slot.starting with Retry-After, and the load continues', async () => {
  const { daemon, watch } = await startStandIn({ no_listen: true }, { start_wait_s: 0.4, load_timeout_s: 30 })
  await daemon.command('primary', 'load', null)
  const began = performance.now()
  const answer = await daemon.chat()
  expect(errorOf(answer).code).toBe('slot.starting')
  expect(answer.status).toBe(503)
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(answer.headers.get('x-should-retry')).toBeNull()
  expect(sinceMs(began)).toBeGreaterThan(380)
  expect(watch.states()).toEqual(['offline', 'starting'])
})

test('warming: waits for ready within its deadline and is served', async () => {
  const { daemon, watch } = await startStandIn({ load_ms: 500 }, { start_wait_s: 0.05 })
  await daemon.command('primary', 'load', null)
  await watch.untilState('warming')
  expect((await daemon.chat()).status).toBe(200)
  const [decision] = await daemon.must<{ state: string; wait_ms: number }[]>('GET', '/api/logs/decisions')
  expect(decision?.state).toBe('warming')
  expect(decision?.wait_ms).toBeGreaterThan(100)
})

test('warming beyond the request’s deadline: 503 slot.warming with Retry-After', async () => {
  const { daemon, watch } = await startStandIn({ never_ready: true }, { request_timeout_s: 0.3 })
  await daemon.command('primary', 'load', null)
  await watch.untilState('warming')
  const answer = await daemon.chat()
  expect(errorOf(answer).code).toBe('slot.warming')
  expect(answer.headers.get('retry-after')).not.toBeNull()
})

test('unloading: refused at once with slot.unloading', async () => {
  const { daemon, watch } = await startStandIn({ hang_on_sigterm: true })
  await daemon.load()
  await daemon.command('primary', 'unload', null)
  await watch.untilState('unloading')
  const answer = await daemon.chat()
  expect([errorOf(answer).code, answer.status]).toEqual(['slot.unloading', 503])
  expect(answer.headers.get('retry-after')).not.toBeNull()
  await watch.untilState('offline', { from: 2 })
})

test('error: refused with the envelope of the failure until it is acknowledged', async () => {
  const { daemon, watch } = await startStandIn({ exit: { after_ms: 0, code: 9 } })
  const failed = await daemon.command('primary', 'load')
  const { record } = await watch.untilState('error')
  const answer = await daemon.chat()
  expect([answer.status, errorOf(answer)]).toEqual([failed.status, errorOf(failed)])
  expect(errorOf(answer)).toEqual(record.error as never)
  const acknowledged = await daemon.command('primary', 'acknowledge')
  expect(acknowledged.body.state).toMatchObject({ state: 'offline', error: null })
  expect(errorOf(await daemon.chat()).code).toBe('slot.not_loaded')
  expect(errorOf(await daemon.command('primary', 'acknowledge')).code).toBe('slot.invalid_transition')
})

test('serving: beyond max_in_flight requests queue in order, beyond queue_length they are refused', async () => {
  const { daemon, program } = await startStandIn({ tokens: 10, token_ms: 40 }, { max_in_flight: 1, queue_length: 3 })
  await daemon.load()
  const before = standInEventsOf(program, 'request').length
  const asked: Promise<{ status: number }>[] = []
  for (let user = 0; user < 4; user++) {
    asked.push(daemon.chat({ user: `u${user}`, max_tokens: 10 }))
    // One after the other, so that their order is known.
    const { length } = asked
    if (length === 1)
      await until('the first is at the backend', () => standInEventsOf(program, 'request').length > before)
    else await daemon.status()
  }
  await Bun.sleep(20)
  const refused = await daemon.chat({ user: 'u4' })
  expect([refused.status, errorOf(refused).code, errorOf(refused).type]).toEqual([
    429,
    'slot.queue_full',
    'rate_limit_error',
  ])
  expect(errorOf(refused).details).toMatchObject({ in_flight: 1, waiting: 3 })
  expect(refused.headers.get('retry-after')).not.toBeNull()
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  const served = standInEventsOf(program, 'request').slice(before)
  expect(served.map(({ body }) => (JSON.parse(body) as { user: string }).user)).toEqual(['u0', 'u1', 'u2', 'u3'])
})

test('serving: a request that waited queue_wait_s for a place is refused', async () => {
  const { daemon } = await startStandIn({ tokens: 40, token_ms: 40 }, { max_in_flight: 1, queue_wait_s: 0.2 })
  await daemon.load()
  const first = daemon.chat({ max_tokens: 40 })
  await Bun.sleep(30)
  const began = performance.now()
  expect(errorOf(await daemon.chat()).code).toBe('slot.queue_full')
  expect(sinceMs(began)).toBeGreaterThan(180)
  expect((await first).status).toBe(200)
})

test('a client that hangs up in a stream makes the backend’s request end too, and its place is free', async () => {
  const { daemon, program, watch } = await startStandIn({ tokens: 10_000, token_ms: 5 }, { max_in_flight: 1 })
  await daemon.load()
  const client = new AbortController()
  const stream = await fetch(`${daemon.url}/v1/chat/completions`, {
    method: 'POST',
    signal: client.signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'primary', messages: [], stream: true }),
  })
  await stream.body?.getReader().read()
  await watch.untilState('serving')
  client.abort()
  await until('the backend sees the hang-up', () => standInEventsOf(program, 'aborted').length === 1)
  expect((await daemon.chat({ max_tokens: 1 })).status).toBe(200)
  const decisions = await daemon.must<{ outcome: string }[]>('GET', '/api/logs/decisions')
  expect(decisions.map(({ outcome }) => outcome)).toEqual(['ok', 'aborted'])
})

test('a client that hangs up before any answer makes the backend’s request end too', async () => {
  const { daemon, program } = await startStandIn({ tokens: 60, token_ms: 20 })
  await daemon.load()
  const before = standInEventsOf(program, 'request').length
  const client = new AbortController()
  const answer = daemon.chat({ max_tokens: 300 }, { signal: client.signal })
  await until('it is at the backend', () => standInEventsOf(program, 'request').length > before)
  client.abort()
  await expect(answer).rejects.toThrow()
  await until('the backend sees the hang-up', () => standInEventsOf(program, 'aborted').length === 1)
})

test('a client that leaves while it waits for a load does not end the load', async () => {
  const { daemon, program, watch } = await startStandIn({ load_ms: 500 }, { load: 'on-demand' })
  const client = new AbortController()
  const answer = daemon.chat({}, { signal: client.signal })
  await watch.untilState('warming')
  client.abort()
  await expect(answer).rejects.toThrow()
  await watch.untilState('ready')
  // The probe's own requests are not to /v1/chat/completions as long as /v1/completions is there.
  expect(standInEventsOf(program, 'request').filter(({ path }) => path === '/v1/chat/completions')).toEqual([])
})

test('a backend that is silent for request_timeout_s is 504 upstream.timeout', async () => {
  const { daemon, program } = await startStandIn({ tokens: 10, token_ms: 150 }, { request_timeout_s: 0.5 })
  await daemon.load()
  const answer = await daemon.chat({ max_tokens: 10 })
  expect([answer.status, errorOf(answer).code]).toEqual([504, 'upstream.timeout'])
  await until('the backend is let go of', () => standInEventsOf(program, 'aborted').length > 0)
})

test('a backend that breaks the connection in a stream breaks the client’s too, and the slot lives on', async () => {
  const { daemon } = await startStandIn({ break_after_tokens: 3, token_ms: 5 })
  const pid = await daemon.load()
  const response = await fetch(`${daemon.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'primary', messages: [], stream: true }),
  })
  await expect(response.text()).rejects.toThrow()
  expect((await daemon.chat({ max_tokens: 1 })).status).toBe(200)
  expect((await daemon.state()).pid).toBe(pid)
})
