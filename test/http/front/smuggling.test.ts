/** Requests that two parsers would cut at different places: nothing behind one is ever taken for a request of its own. */
import { expect, test } from 'bun:test'
import { RawClient } from './raw-client.ts'
import { echo, startFront } from './start-front.ts'

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n'
const head = 'POST /a HTTP/1.1\r\nHost: localhost\r\n'
const chunked = 'Transfer-Encoding: chunked'
const end = '0\r\n\r\n'
const length = (text: string): string => `Content-Length: ${text.length}`

const probes: [string, string][] = [
  ['CL.TE', `${head}${length(end + smuggled)}\r\n${chunked}\r\n\r\n${end}${smuggled}`],
  ['TE.CL', `${head}${chunked}\r\nContent-Length: 4\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n${end}`],
  ['TE.TE with an unknown coding', `${head}${chunked}\r\nTransfer-Encoding: x\r\n\r\n${end}${smuggled}`],
  ['TE.TE in other case', `${head}transfer-ENCODING: chunked, CHUNKED\r\n\r\n${end}${smuggled}`],
  [
    'a coding behind a vertical tab',
    `${head}Transfer-Encoding:\x0bchunked\r\n${length(end + smuggled)}\r\n\r\n${end}${smuggled}`,
  ],
  ['a coding with a blank before its colon', `${head}Transfer-Encoding : chunked\r\n\r\n${end}${smuggled}`],
  ['a coding in a continued line', `${head}X: y\r\n Transfer-Encoding: chunked\r\n\r\n${end}${smuggled}`],
  ['a coding in a line of its own value', `${head}Transfer-Encoding:\r\n chunked\r\n\r\n${end}${smuggled}`],
  ['a coding behind a bare LF', `${head}X: y\n${chunked}\r\n\r\n${end}${smuggled}`],
  ['a coding behind a bare CR', `${head}X: y\r${chunked}\r\n\r\n${end}${smuggled}`],
  ['a coding behind a NUL', `${head}X: y\0\r\n${chunked}\r\n${length(end)}\r\n\r\n${end}${smuggled}`],
  ['a head that ends with bare LFs', `POST /a HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n${smuggled}`],
  ['two lengths', `${head}Content-Length: 0\r\n${length(smuggled)}\r\n\r\n${smuggled}`],
  ['two equal lengths in one line', `${head}Content-Length: 0, 0\r\n\r\n${smuggled}`],
  ['a signed length', `${head}Content-Length: +0\r\n\r\n${smuggled}`],
  ['an octal length', `${head}Content-Length: 0x0\r\n\r\n${smuggled}`],
  ['a length with letters', `${head}Content-Length: 0abc\r\n\r\n${smuggled}`],
  ['a length in HTTP/1.0 with a coding', `POST /a HTTP/1.0\r\nHost: localhost\r\n${chunked}\r\n\r\n${end}${smuggled}`],
  ['a signed size of a chunk', `${head}${chunked}\r\n\r\n+0\r\n\r\n${smuggled}`],
  ['a size of a chunk with a prefix', `${head}${chunked}\r\n\r\n0x0\r\n\r\n${smuggled}`],
  ['a size of a chunk behind a blank', `${head}${chunked}\r\n\r\n 0\r\n\r\n${smuggled}`],
  ['a size of a chunk that overflows', `${head}${chunked}\r\n\r\nffffffffffffffff0\r\n\r\n${smuggled}`],
  ['a chunk that ends with a bare LF', `${head}${chunked}\r\n\r\n1\r\na\n0\r\n\r\n${smuggled}`],
  ['a size of a chunk that ends with a bare LF', `${head}${chunked}\r\n\r\n0\n\r\n${smuggled}`],
  ['a chunk longer than its size', `${head}${chunked}\r\n\r\n1\r\nabc\r\n${end}${smuggled}`],
  ['an extension of a chunk with a bare LF', `${head}${chunked}\r\n\r\n1;a\nb\r\nx\r\n${end}${smuggled}`],
]

test.each(probes)('%s smuggles nothing', async (_, bytes) => {
  const front = startFront(echo)
  const client = await RawClient.open(front.port)
  client.send(bytes).halfClose()
  await client.toEnd()
  expect(client.text).not.toContain('GET /smuggled')
  expect(client.text).toMatch(/^HTTP\/1\.1 [45]\d\d /)
})

test('what follows a complete request is one, so the probes above could be seen', async () => {
  const front = startFront(echo)
  const client = await RawClient.open(front.port)
  client.send(`${head}Content-Length: 0\r\n\r\n${smuggled.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')}`)
  await client.toEnd()
  expect(client.text).toContain('GET /smuggled')
})
