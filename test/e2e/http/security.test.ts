/** Who may talk to the compiled binary, and what reaches a backend. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { codeOf, exchange, statusOf } from '../../http/support/raw.ts'
import { Daemon } from '../../support/daemon.ts'
import { testWith } from '../../support/part.ts'
import { realEngine } from '../../support/real-engine.ts'
import { standInEventsOf } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

const withEngine = testWith('python3 on PATH', Bun.which('python3') !== null)

/** Local addresses (hex, as /proc writes them) that listen on `port`. */
const listenersOn = (port: number): string[] => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(suffix) && state === '0A')
      .map(([, local]) => local?.slice(0, -suffix.length) ?? ''),
  )
}
const loopback = '0100007F'

const paths = [
  '/',
  '/api/health',
  '/api/slots',
  '/v1/models',
  '/openapi.json',
  '/docs',
  '/api/slots/events',
  '/nowhere',
]

test('only one Host header out of the allow-list gets in, on every path', async () => {
  const daemon = await Daemon.start({ toml: 'allowed_hosts = ["nas.lan"]' })
  const ask = (path: string, headers: string) =>
    exchange(daemon.port, `HEAD ${path} HTTP/1.1\r\n${headers}connection: close\r\n\r\n`)
  for (const path of paths) {
    for (const headers of [
      'host: evil.example\r\n',
      'host: localhost\r\nhost: evil.example\r\n',
      'host: evil.example\r\nhost: localhost\r\n',
      'host: localhost\r\nhost: localhost\r\n',
      'host: localhost.evil.example\r\n',
      'host: 127.0.0.1.nip.io\r\n',
      'host: \r\n',
      '',
    ]) {
      const status = statusOf(await ask(path, headers))
      // A request that is not valid HTTP/1.1 (no Host, two of them) may be refused with 400 before the list of hosts counts.
      expect([path, headers, status === 421 || status === 400]).toEqual([path, headers, true])
    }
    for (const host of ['localhost', '127.0.0.1', `127.0.0.1:${daemon.port}`, '[::1]', 'nas.lan', 'NAS.lan:1']) {
      const status = statusOf(await ask(path, `host: ${host}\r\n`))
      // Who asks for a name in the network is let in, but needs a key: the dashboard then leads to the page for that.
      const ofNetwork = host.toLowerCase().startsWith('nas') && (status === 401 || status === 303)
      expect([path, host, [200, 404, 405].includes(status) || ofNetwork]).toEqual([path, host, true])
    }
  }
  const refused = await exchange(daemon.port, 'GET /api/health HTTP/1.1\r\nhost: evil.example\r\n\r\n')
  expect([statusOf(refused), codeOf(refused)]).toEqual([421, 'host.not_allowed'])
})

test('an absolute URL in the request line does not get round the list of hosts', async () => {
  const daemon = await Daemon.start()
  const answer = await exchange(
    daemon.port,
    'GET http://evil.example/api/slots HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n',
  )
  expect(statusOf(answer)).toBe(421)
})

test('a request that changes something is refused from another origin, whatever the type of its body', async () => {
  const { daemon, program } = await startStandIn()
  const host = `127.0.0.1:${daemon.port}`
  const post = (headers: string, body = '{}') =>
    exchange(
      daemon.port,
      `POST /api/slots/primary/load HTTP/1.1\r\nhost: ${host}\r\n${headers}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    )
  const json = 'content-type: application/json\r\n'
  for (const headers of [
    `${json}origin: http://evil.example\r\n`,
    `${json}origin: null\r\n`,
    `${json}origin: http://127.0.0.1:1\r\n`,
    `${json}sec-fetch-site: cross-site\r\n`,
    `origin: http://evil.example\r\n`,
  ]) {
    expect([headers, codeOf(await post(headers))]).toEqual([headers, 'origin.not_allowed'])
  }
  for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
    for (const from of ['origin: http://evil.example', 'origin: null', 'sec-fetch-site: cross-site']) {
      const answer = await post(`content-type: ${type}\r\n${from}\r\n`)
      expect([type, from, statusOf(answer), codeOf(answer)]).toEqual([type, from, 403, 'origin.not_allowed'])
    }
  }
  expect(standInEventsOf(program, 'start')).toEqual([])
  expect((await daemon.state()).state).toBe('offline')
  expect(statusOf(await post(`${json}origin: http://${host}\r\nsec-fetch-site: same-origin\r\n`))).toBe(202)
})

test('no answer allows another origin to read it', async () => {
  const daemon = await Daemon.start()
  for (const path of paths.filter((each) => !each.endsWith('/events'))) {
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await daemon.call(method, path, undefined, {
        headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
      })
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
  }
})

test('answers and refusals of inference carry the security headers and the id of their request', async () => {
  const { daemon } = await startStandIn()
  const ask = (body: unknown) =>
    daemon.call('POST', '/v1/chat/completions', body, { headers: { 'x-request-id': 'mine-1' } })
  const messages = [{ role: 'user', content: 'Hello' }]
  const refused = await ask({ model: 'primary', messages })
  await daemon.load()
  const answers = [
    refused,
    await ask({ model: 'primary', messages }),
    await ask({ model: 'primary', messages, stream: true }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([503, 200, 200])
  for (const { headers } of answers) {
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('x-request-id')).toBe('mine-1')
  }
})

test('daemon and backend listen on 127.0.0.1 only', async () => {
  const { daemon } = await startStandIn()
  await daemon.load()
  const { port } = await daemon.state()
  expect(listenersOn(daemon.port)).toEqual([loopback])
  expect(listenersOn(port)).toEqual([loopback])
  const others = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal),
  )
  for (const { address } of others) await expect(fetch(`http://${address}:${port}/v1/models`)).rejects.toThrow()
})

withEngine('the real llama.cpp listens on 127.0.0.1 only, and shows no page of its own', async () => {
  const daemon = await Daemon.start()
  await daemon.addSlot(await tinyModel(), { name: 'primary', engine: await realEngine() })
  await daemon.load()
  const { port } = await daemon.state()
  expect(listenersOn(port)).toEqual([loopback])
  const page = await fetch(`http://127.0.0.1:${port}/`)
  expect(page.headers.get('content-type') ?? '').not.toContain('text/html')
})

test('the client’s credentials, cookies and hop-by-hop headers never reach the backend; its body does, to the byte', async () => {
  const { daemon, program } = await startStandIn()
  await daemon.load()
  const secret = 'sk-very-secret'
  // Whoever comes through a proxy needs one.
  const { key } = await daemon.must<{ key: string }>('POST', '/api/keys', { name: 'phone', scope: 'infer' })
  const body = '{ "model" : "primary","messages":[] ,"unknown":{"é":1e400, "a":"\\u0000"}, "max_tokens":2 }'
  await daemon.call('POST', '/v1/chat/completions', body, {
    headers: {
      authorization: `Bearer ${key}`,
      'proxy-authorization': `Basic ${secret}`,
      'x-api-key': secret,
      'api-key': secret,
      cookie: `session=${secret}`,
      'x-forwarded-for': '10.0.0.1',
      te: 'trailers',
      'x-harmless': 'yes',
    },
  })
  const met = standInEventsOf(program, 'request').at(-1)
  expect(met?.path).toBe('/v1/chat/completions')
  for (const text of [secret, key]) expect(JSON.stringify(met?.headers)).not.toContain(text)
  // hal0's own, for this load.
  expect(met?.headers.authorization).toBe(`Bearer ${daemon.backendKey()}`)
  expect(met?.headers).toMatchObject({ 'x-harmless': 'yes', host: `127.0.0.1:${(await daemon.state()).port}` })
  for (const name of ['te', 'x-forwarded-for', 'cookie', 'x-api-key']) expect(met?.headers).not.toHaveProperty(name)
  expect(met?.body).toBe(body)
})

test('the daemon’s own environment does not reach the backend', async () => {
  const { daemon, program } = await startStandIn(
    {},
    {},
    { env: { HF_TOKEN: 'hf-secret', LLAMA_ARG_HOST: '0.0.0.0', HAL0_API_KEY: 'k', AWS_SECRET_ACCESS_KEY: 's' } },
  )
  await daemon.load()
  const env = standInEventsOf(program, 'start')[0]?.env ?? {}
  for (const name of ['HF_TOKEN', 'LLAMA_ARG_HOST', 'HAL0_API_KEY', 'HAL0_ROOT', 'AWS_SECRET_ACCESS_KEY'])
    expect(env).not.toHaveProperty(name)
})
