import { afterEach, describe, expect, test } from 'bun:test'
import { RawClient } from '../front/raw-client.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer | null = null
afterEach(async () => {
  await server?.stop()
  server = null
})

/** The value of the header in the head of an answer. */
const idIn = (head: string): string | null => /^x-request-id: (.*)$/im.exec(head)?.[1]?.trim() ?? null

const headOf = async (client: RawClient): Promise<string> => {
  await client.until(() => client.text.includes('\r\n\r\n'))
  client.close()
  return client.text
}

describe('x-request-id', () => {
  const requests: [string, string][] = [
    ['an answer of the API', 'GET /api/status HTTP/1.1\r\nhost: localhost\r\n'],
    ['an answer of /v1', 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\n'],
    ['a stream of events', 'GET /api/slots/events HTTP/1.1\r\nhost: localhost\r\n'],
    ['HEAD', 'HEAD /api/status HTTP/1.1\r\nhost: localhost\r\n'],
    ['OPTIONS', 'OPTIONS /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n'],
    ['an unknown path', 'GET /api/nothing HTTP/1.1\r\nhost: localhost\r\n'],
    ['an unknown method', 'BREW /api/status HTTP/1.1\r\nhost: localhost\r\n'],
    ['a foreign host', 'GET /api/status HTTP/1.1\r\nhost: evil.example\r\n'],
    [
      'an unreadable body',
      'POST /api/slots HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n',
    ],
  ]
  for (const [what, head] of requests) {
    test(`is in the answer to ${what}: the client's own, or else one that was made`, async () => {
      server = await startServer()
      const ids: (string | null)[] = []
      for (const given of ['x-request-id: my-id_1.a:b\r\n', '', 'x-request-id: not plain\r\n']) {
        const client = await RawClient.open(server.port)
        ids.push(idIn(await headOf(client.send(`${head}${given}\r\n`))))
      }
      expect(ids[0]).toBe('my-id_1.a:b')
      expect(ids.slice(1)).toEqual([expect.stringMatching(/^[0-9a-z]{12}$/), expect.stringMatching(/^[0-9a-z]{12}$/)])
      expect(ids[1]).not.toBe(ids[2])
    })
  }

  test('is in the answer to a request that cannot be read', async () => {
    server = await startServer()
    const client = await RawClient.open(server.port)
    const head = await headOf(client.send('nonsense\r\n\r\n'))
    expect(head).toContain('400')
    expect(idIn(head)).toMatch(/^[0-9a-z]{12}$/)
  })

  test('is in the answer to a head that is too large, and to one that never ends', async () => {
    for (const [sent, status, limits] of [
      [
        `GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx-request-id: mine\r\nx-large: ${'x'.repeat(100_000)}\r\n\r\n`,
        '431',
        {},
      ],
      ['GET /v1/models HTTP/1.1\r\nhost: localhost\r\n', '408', { headMs: 50, sweepMs: 10 }],
    ] as const) {
      await server?.stop()
      server = await startServer({}, limits)
      const client = await RawClient.open(server.port)
      const head = await headOf(client.send(sent))
      expect(head).toStartWith(`HTTP/1.1 ${status} `)
      expect(idIn(head)).toMatch(/^[0-9a-z]{12}$/)
    }
  })

  test('is in the answer to a body that never comes, and to one that waited for 100 Continue', async () => {
    server = await startServer({}, { bodyMs: 50, sweepMs: 10 })
    const head =
      'POST /api/slots HTTP/1.1\r\nhost: localhost\r\nx-request-id: mine\r\ncontent-type: application/json\r\ncontent-length: 1\r\n'
    const silent = await RawClient.open(server.port)
    const late = await headOf(silent.send(`${head}\r\n`))
    expect([late.slice(9, 12), idIn(late)]).toEqual(['408', 'mine'])
    await server.stop()
    server = await startServer()
    const polite = await RawClient.open(server.port)
    polite.send(`${head}expect: 100-continue\r\n\r\n`)
    await polite.until(() => polite.text.includes('100 Continue\r\n\r\n'))
    polite.send('1')
    await polite.until(() => polite.statuses.length === 2 && polite.text.split('\r\n\r\n').length > 2)
    expect([polite.statuses[1], idIn(polite.text)]).toEqual([400, 'mine'])
    polite.close()
  })

  test('has its client’s own only if that is short', async () => {
    server = await startServer()
    for (const [length, own] of [
      [128, true],
      [129, false],
    ] as const) {
      const given = 'x'.repeat(length)
      const { headers } = await fetch(`${server.url}/api/status`, { headers: { 'x-request-id': given } })
      expect(headers.get('x-request-id') === given).toBe(own)
    }
  })
})
