/** The end of the daemon as its clients see it. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { RawClient } from '../../http/front/raw-client.ts'
import { EventReader } from '../../http/support/event-reader.ts'
import { errorOf } from '../../support/daemon.ts'
import { until } from '../../support/until.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

const chat = (stream: boolean): string => {
  const body = JSON.stringify({
    model: 'primary',
    messages: [{ role: 'user', content: 'x' }],
    max_tokens: 1000,
    stream,
  })
  return `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
const slow = { tokens: 1000, token_ms: 50 }

test('while it stops, new requests are answered 503 with Retry-After, on old connections and on new ones', async () => {
  const { daemon } = await startStandIn(slow, {}, { toml: 'drain_s = 3' })
  await daemon.load()
  const old = await RawClient.open(daemon.port)
  const stream = await RawClient.open(daemon.port)
  stream.send(chat(true))
  await stream.until(() => stream.text.includes('data: '))
  const ending = daemon.kill('SIGTERM')
  await until('it is stopping', () => daemon.stderr.includes('stopping'))
  for (const path of ['/api/status', '/api/health', '/v1/models', '/']) {
    const answer = await daemon.call('GET', path)
    expect([answer.status, errorOf(answer as never).code]).toEqual([503, 'daemon.stopping'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(answer.headers.get('connection')).toBe('close')
  }
  await old.send('GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n').toEnd()
  expect(old.statuses).toEqual([503])
  expect(await ending).toBe(0)
})

test('a stream that outlives drain_s ends with an error event, an answer with 503', async () => {
  const { daemon } = await startStandIn(slow, {}, { toml: 'drain_s = 1' })
  const pid = await daemon.load()
  const [stream, whole] = [await RawClient.open(daemon.port), await RawClient.open(daemon.port)]
  stream.send(chat(true))
  whole.send(chat(false))
  await stream.until(() => stream.text.includes('data: '))
  const began = performance.now()
  expect(await daemon.kill('SIGTERM')).toBe(0)
  expect(performance.now() - began).toBeGreaterThan(900)
  const last = (await stream.toEnd()).split('\n').findLast((line) => line.startsWith('data: ')) ?? ''
  expect(JSON.parse(last.slice(6))).toMatchObject({ error: { code: 'daemon.stopping' } })
  expect(stream.text).not.toEndWith('0\r\n\r\n')
  expect(await whole.toEnd()).toContain('"code":"daemon.stopping"')
  expect(whole.statuses).toEqual([503])
  await daemon.launch()
  expect(await daemon.state()).toMatchObject({ pid })
})

test('waiting requests are answered at once, and no event stream delays the end', async () => {
  const { daemon, watch } = await startStandIn({ load_ms: 20_000 })
  const events = await EventReader.open(`${daemon.url}/api/slots/events`)
  const waiter = daemon.command('primary', 'load', 60)
  await watch.untilState('warming')
  const queued = daemon.chat()
  // Answered after what came before it.
  for (let round = 0; round < 5; round++) await daemon.status()
  const began = performance.now()
  const ending = daemon.kill('SIGTERM')
  for (const answer of [await waiter, await queued]) {
    expect([answer.status, errorOf(answer as never).code]).toEqual([503, 'daemon.stopping'])
  }
  expect(await ending).toBe(0)
  expect(performance.now() - began).toBeLessThan(5000)
  events.close()
})

for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
  test(`${signal} ends it as SIGTERM does`, async () => {
    const { daemon } = await startStandIn()
    await daemon.load()
    expect(await daemon.kill(signal)).toBe(0)
    expect(daemon.stderr).toContain('primary keeps running')
  })
}

test('it ignores SIGUSR1 and SIGUSR2', async () => {
  const { daemon } = await startStandIn()
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
    process.kill(daemon.pid, signal)
    await until(`it heard ${signal}`, () => daemon.stderr.includes(`${signal} means nothing`))
  }
  expect((await daemon.call('GET', '/api/health')).status).toBe(200)
})

test('a second signal ends it at once', async () => {
  const { daemon } = await startStandIn(slow, {}, { toml: 'drain_s = 60' })
  await daemon.load()
  const stream = await RawClient.open(daemon.port)
  stream.send(chat(true))
  await stream.until(() => stream.text.includes('data: '))
  const { pid } = daemon
  const ending = daemon.kill('SIGTERM')
  await until('it is stopping', () => daemon.stderr.includes('stopping'))
  process.kill(pid, 'SIGTERM')
  expect(await ending).toBe(0)
  expect(await stream.toEnd()).toContain('daemon.stopping')
})

test('when it is started by nohup, it outlives its terminal', async () => {
  const { daemon } = await startStandIn()
  await daemon.kill()
  await daemon.launch(['nohup'])
  process.kill(daemon.pid, 'SIGHUP')
  expect(readFileSync(`/proc/${daemon.pid}/status`, 'latin1')).toMatch(/^SigIgn:\s*[0-9a-f]*[13579bdf]$/m)
  expect((await daemon.call('GET', '/api/health')).status).toBe(200)
})
