import { describe, expect, test } from 'bun:test'
import { parseRequestHead } from '../../../../src/http/front/request/request-head.ts'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'

const host = 'Host: localhost'
const statusOf = (text: string): number => {
  try {
    parseRequestHead(text)
    return 200
  } catch (error) {
    if (error instanceof Hal0Error && error.code === 'request.invalid') return error.status
    throw error
  }
}

describe('a head', () => {
  test('is read with its names in lower case and its values as they are', () => {
    const head = parseRequestHead(
      `POST /v1/x?a=b HTTP/1.1\r\nHOST: nas\r\nX-Name:  a b \r\nX-Empty:\r\nx-name: c\r\nContent-Length: 12`,
    )
    expect(head).toMatchObject({ method: 'POST', target: '/v1/x?a=b', minor: 1, length: 12, chunked: false })
    expect(['host', 'x-name', 'x-empty', 'x-none'].map((name) => head.headers.get(name))).toEqual([
      'nas',
      'a b, c',
      '',
      null,
    ])
    expect(head.headers.count('x-name')).toBe(2)
  })

  test('keeps bytes that are not ASCII as they are in values, and percent-encoded in the target', () => {
    const head = parseRequestHead(`GET /a\xe9?\xff HTTP/1.1\r\n${host}\r\nX-Title: caf\xe9 \xc3\xa9`)
    expect(head.headers.get('x-title')).toBe('caf\xe9 \xc3\xa9')
    expect(head.target).toBe('/a%E9?%FF')
  })

  test('loses blanks and tabs around a value, and no byte of the value itself', () => {
    const head = parseRequestHead(`GET / HTTP/1.1\r\n${host}\r\nX-Title: \t voil\xc3\xa0\t \r\nX-Mark:\xa0`)
    expect(head.headers.get('x-title')).toBe('voil\xc3\xa0')
    expect(head.headers.get('x-mark')).toBe('\xa0')
  })

  test('of a target with a host takes the host from there', () => {
    for (const [target, path] of [
      ['http://nas:80/a?b', '/a?b'],
      ['HTTPS://nas:80', '/'],
      ['http://nas:80?b', '/?b'],
    ]) {
      const head = parseRequestHead(`GET ${target} HTTP/1.1\r\nHost: other`)
      expect([head.target, head.headers.get('host')]).toEqual([path ?? '', 'nas:80'])
    }
  })

  for (const [minor, connection, keeps] of [
    [1, '', true],
    [1, 'Connection: close\r\n', false],
    [1, 'Connection: TE, Close\r\n', false],
    [0, '', false],
    [0, 'Connection: Keep-Alive\r\n', true],
  ] as const) {
    test(`of HTTP/1.${minor} with "${connection.trim()}" ${keeps ? 'keeps' : 'closes'} its connection`, () => {
      expect(parseRequestHead(`GET / HTTP/1.${minor}\r\n${connection}${host}`).keepsAlive).toBe(keeps)
    })
  }

  test('awaits 100 Continue in HTTP/1.1 only', () => {
    for (const minor of [0, 1]) {
      const head = parseRequestHead(`POST / HTTP/1.${minor}\r\n${host}\r\nExpect: 100-Continue\r\nContent-Length: 1`)
      expect(head.awaitsContinue).toBe(minor === 1)
    }
  })

  test('may ask for another protocol, which is left alone', () => {
    expect(statusOf(`GET / HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: h2c`)).toBe(200)
  })
})

describe('a head is refused', () => {
  const cases: [string, string, number][] = [
    ['with both lengths', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked`, 400],
    ['with two lengths', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 1\r\nContent-Length: 2`, 400],
    ['with a list of lengths', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 1, 1`, 400],
    ['with a signed length', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: +1`, 400],
    ['with a negative length', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: -1`, 400],
    ['with a hexadecimal length', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 0x1`, 400],
    ['with an empty length', `POST / HTTP/1.1\r\n${host}\r\nContent-Length:`, 400],
    ['with an endless length', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: ${'9'.repeat(20)}`, 400],
    ['with an unknown coding', `POST / HTTP/1.1\r\n${host}\r\nTransfer-Encoding: gzip, chunked`, 501],
    [
      'with the coding twice',
      `POST / HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked`,
      501,
    ],
    [
      'with a coding that ends in another kind of blank',
      `POST / HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\xa0`,
      501,
    ],
    ['with a length that ends in another kind of blank', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 1\xa0`, 400],
    ['with a coding that only looks like it', `POST / HTTP/1.1\r\n${host}\r\nTransfer-Encoding: xchunked`, 501],
    ['of HTTP/1.0 with a coding', `POST / HTTP/1.0\r\n${host}\r\nTransfer-Encoding: chunked`, 400],
    ['with a blank before the colon', `GET / HTTP/1.1\r\n${host}\r\nX : y`, 400],
    ['with a line that continues the one before', `GET / HTTP/1.1\r\n${host}\r\nX: y\r\n z`, 400],
    ['with a header without a name', `GET / HTTP/1.1\r\n${host}\r\n: y`, 400],
    ['with a header without a colon', `GET / HTTP/1.1\r\n${host}\r\nxy`, 400],
    ['with a lone CR', `GET / HTTP/1.1\r\n${host}\r\nX: a\rb`, 400],
    ['with a lone LF', `GET / HTTP/1.1\r\n${host}\r\nX: a\nY: b`, 400],
    ['with a NUL', `GET / HTTP/1.1\r\n${host}\r\nX: a\0b`, 400],
    ['with an invalid method', `G(T / HTTP/1.1\r\n${host}`, 400],
    ['without a target', `GET HTTP/1.1\r\n${host}`, 400],
    ['with a blank in the target', `GET /a b HTTP/1.1\r\n${host}`, 400],
    ['with a tab in the target', `GET /a\tb HTTP/1.1\r\n${host}`, 400],
    ['with a target without a slash', `GET v1/models HTTP/1.1\r\n${host}`, 400],
    ['with the target of CONNECT', `CONNECT nas:443 HTTP/1.1\r\n${host}`, 400],
    ['of HTTP/0.9', 'GET /', 400],
    ['of HTTP/2', `GET / HTTP/2.0\r\n${host}`, 505],
    ['of HTTP/2 with prior knowledge', 'PRI * HTTP/2.0', 505],
    ['of HTTP/1.1 without Host', 'GET / HTTP/1.1\r\nX: y', 400],
    ['with a target that is too long', `GET /${'a'.repeat(9000)} HTTP/1.1\r\n${host}`, 414],
    ['with too many headers', `GET / HTTP/1.1\r\n${host}${'\r\nX: y'.repeat(200)}`, 431],
    ['that is another protocol', 'SSH-2.0-OpenSSH_9.2', 400],
    ['that is empty', '', 400],
  ]
  for (const [what, text, status] of cases) {
    test(`${what}: ${status}`, () => expect(statusOf(text)).toBe(status))
  }
})
