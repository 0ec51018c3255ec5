import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { RawClient } from '../front/raw-client.ts'
import { codeOf, exchange, statusOf } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  server.slots.add('primary')
})
afterAll(() => server.stop())

const get = (head: string, path = '/api/health', version = '1.1'): Promise<string> =>
  exchange(server.port, `GET ${path} HTTP/${version}\r\n${head}\r\n\r\n`)

describe('over a raw socket', () => {
  for (const head of [
    'Host: localhost',
    'Host: LOCALHOST:1234',
    'host: [::1]',
    'Host: nas.local',
    'Host: [fd00::1]:1',
  ]) {
    test(`"${head}" is served`, async () => {
      expect(statusOf(await get(head))).toBe(200)
    })
  }

  for (const head of [
    'Host: localhost\r\nHost: localhost',
    'Host: localhost\r\nHost: evil.com',
    'Host: evil.com',
    'Host: ',
    'Host: a b',
    'Host: user:pw@localhost',
    'Host: [::1',
    'Host: localhost:99999',
    'Host: \xff\xfe',
    'Host: a/b?c',
  ]) {
    test(`${JSON.stringify(head)} is answered with 421, on every kind of path`, async () => {
      for (const path of ['/api/health', '/v1/models', '/', '/docs', '/nothing']) {
        const answer = await get(head, path)
        expect([statusOf(answer), codeOf(answer)]).toEqual([421, 'host.not_allowed'])
      }
    })
  }

  test('HTTP/1.1 without a Host is refused with an envelope', async () => {
    const answer = await get('X: y')
    expect([statusOf(answer), codeOf(answer)]).toEqual([400, 'request.invalid'])
  })

  test('HTTP/1.0 without a Host is told that the process is up; any other request is told what it lacks', async () => {
    expect(statusOf(await get('X: y', '/api/health', '1.0'))).toBe(200)
    const answer = await get('X: y', '/api/status', '1.0')
    expect([statusOf(answer), codeOf(answer)]).toEqual([421, 'host.not_allowed'])
    expect(answer).not.toContain('allowed_hosts')
  })

  test('HTTP/1.0 with a good Host is served', async () => {
    expect(statusOf(await get('Host: localhost', '/api/health', '1.0'))).toBe(200)
  })

  test('a form post of a foreign page changes nothing', async () => {
    const answer = await exchange(
      server.port,
      'POST /api/slots/primary/load HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b',
    )
    expect([statusOf(answer), codeOf(answer)]).toEqual([403, 'origin.not_allowed'])
    expect(server.slots.commands).toEqual([])
  })

  test('a preflight gets no permission', async () => {
    const answer = await exchange(
      server.port,
      'OPTIONS /api/slots HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.com\r\nAccess-Control-Request-Method: POST\r\n\r\n',
    )
    expect(statusOf(answer)).toBe(403)
    expect(answer.toLowerCase()).not.toContain('access-control')
  })

  test('a body of 100 MB is refused with an envelope, and the daemon stays up', async () => {
    const response = await fetch(`${server.url}/api/slots`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array(100_000_000),
    })
    expect(response.status).toBe(413)
    expect(((await response.json()) as { error: { code: string } }).error.code).toBe('request.too_large')
    expect((await fetch(`${server.url}/api/health`)).status).toBe(200)
  })

  test('a body in chunks is bounded just the same', async () => {
    const send = (bytes: number): Promise<Response> =>
      fetch(`${server.url}/api/slots`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode(`{"name":"big"${' '.repeat(bytes)}}`))
            controller.close()
          },
        }),
      })
    const over = await send(1_048_576)
    expect([over.status, ((await over.json()) as { error: { code: string } }).error.code]).toEqual([
      413,
      'request.too_large',
    ])
    expect((await send(1_000_000)).status).toBe(201)
  })

  test('every answer carries the security headers and none of CORS', async () => {
    const paths = ['/api/health', '/v1/models', '/nothing', '/docs', '/openapi.json', '/api/slots/nobody']
    for (const path of paths) {
      const { headers } = await fetch(`${server.url}${path}`, { headers: { origin: 'http://evil.com' } })
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })
})

test('a body that trickles into the API is answered 408', async () => {
  const quick = await startServer({}, { sweepMs: 10, bodyMs: 60 })
  const client = await RawClient.open(quick.port)
  client.send(
    'POST /api/slots HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n',
  )
  const timer = setInterval(() => client.send(' '), 5)
  const answer = await client.toEnd()
  clearInterval(timer)
  expect([statusOf(answer), codeOf(answer)]).toEqual([408, 'request.invalid'])
  await quick.stop()
})
