import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { RequestReader } from '../../../../src/http/front/request/request-reader.ts'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'

interface Read {
  requests: { line: string; body: string; complete: boolean }[]
  /** Status of the error; null: everything could be read. */
  refused: number | null
}

/** Reads `pieces` as they come, each request answered at once. */
const read = (pieces: readonly string[]): Read => {
  const reader = new RequestReader()
  const requests: Read['requests'] = []
  const events = {
    head: ({ method, target }: { method: string; target: string }) => {
      requests.push({ line: `${method} ${target}`, body: '', complete: false })
    },
    data: (piece: Buffer) => {
      const last = requests.at(-1)
      if (last !== undefined) last.body += piece.toString('latin1')
    },
    end: () => {
      const last = requests.at(-1)
      if (last !== undefined) last.complete = true
      reader.next()
    },
  }
  try {
    for (const piece of pieces) {
      reader.feed(Buffer.from(piece, 'latin1'))
      while (reader.step(events));
    }
  } catch (error) {
    if (!(error instanceof Hal0Error)) throw error
    return { requests, refused: error.status }
  }
  return { requests, refused: null }
}

const host = 'Host: localhost\r\n'
const get = `GET /a HTTP/1.1\r\n${host}\r\n`
const sized = `POST /b HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`
const chunked = `POST /c HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n`

describe('requests are read', () => {
  const cases: Record<string, string> = {
    'one after the other': get + sized + chunked + get,
    'with empty lines before and between them': `\r\n\r\n${sized}\r\n${get}\r\n\n${chunked}\r\n${get}`,
    'with an empty body': `POST /b HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n${get}`,
    'with an empty body in chunks': `POST /b HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${get}`,
    'as long as they go': `${sized}${get.slice(0, -2)}`,
  }
  for (const [what, text] of Object.entries(cases)) {
    test(`${what}, cut anywhere`, () => {
      const whole = read([text])
      expect(whole.refused).toBeNull()
      for (let at = 1; at < text.length; at++) expect(read([text.slice(0, at), text.slice(at)])).toEqual(whole)
      expect(read([...text])).toEqual(whole)
    })
  }

  test('with what they say', () => {
    expect(read([get + sized + chunked]).requests).toEqual([
      { line: 'GET /a', body: '', complete: true },
      { line: 'POST /b', body: 'hello', complete: true },
      { line: 'POST /c', body: 'abcde', complete: true },
    ])
  })

  test('only as far as they are answered', () => {
    const reader = new RequestReader()
    const heads: string[] = []
    const events = { head: ({ target }: { target: string }) => heads.push(target), data: () => {}, end: () => {} }
    reader.feed(Buffer.from(get + sized))
    while (reader.step(events));
    expect(heads).toEqual(['/a'])
    expect(reader.held).toBe(sized.length)
    reader.next()
    while (reader.step(events));
    expect(heads).toEqual(['/a', '/b'])
  })
})

describe('what can never become a request is refused at once', () => {
  const chunks = (text: string): string => `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${text}`
  const cases: [string, string, number][] = [
    ['a TLS handshake', '\x16\x03\x01\x02\0', 400],
    ['lines that end with LF', 'GET / HTTP/1.1\nHost: localhost\n\n', 400],
    ['headers that end with LF', `GET / HTTP/1.1\r\n${host}X: y\n\n`, 400],
    ['a line without an end', `GET /${'a'.repeat(10_000)}`, 414],
    ['headers without an end', `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(6000)}`, 431],
    ['empty lines without an end', '\r\n'.repeat(2000), 400],
    ['a chunk without a size', chunks('\r\nabc'), 400],
    ['a chunk with an invalid size', chunks('xyz\r\n'), 400],
    ['a chunk with a sign', chunks('+3\r\nabc\r\n'), 400],
    ['a chunk with a prefix', chunks('0x3\r\nabc\r\n'), 400],
    ['a chunk longer than its size', chunks('2\r\nabc\r\n'), 400],
    ['a chunk of more bytes than there are', chunks('fffffffffffffffff\r\n'), 400],
    ['a lone LF after a chunk’s size', chunks('3\nabc\r\n0\r\n\r\n'), 400],
    ['a lone LF in the extension of a chunk', chunks('3;a\nb\r\nabc\r\n'), 400],
    ['lines of chunks that end with LF alone', chunks('3\nabc\n0\n\n'), 400],
    ['a lone LF in a trailer', chunks('0\r\nX: y\n'), 400],
    ['a lone CR in a trailer', chunks('0\r\nX: y\rZ: a\r\n\r\n'), 400],
    ['an endless extension', chunks(`3;${'a'.repeat(2000)}`), 400],
    ['endless trailers', chunks(`0\r\n${'X: y\r\n'.repeat(100)}`), 400],
  ]
  for (const [what, text, status] of cases) {
    test(what, () => {
      expect(read([text]).refused).toBe(status)
      expect(read([...text]).refused).toBe(status)
    })
  }
})

test('any bytes, however they are cut, are read alike or refused alike', () => {
  const part = fc.constantFrom(
    get,
    sized,
    chunked,
    '\r\n',
    '\n',
    '\0',
    'GET ',
    'HTTP/1.1',
    ': ',
    '5\r\n',
    '0\r\n\r\n',
    'Content-Length: 3\r\n',
    host,
  )
  const noise = fc.oneof({ weight: 4, arbitrary: part }, fc.string({ unit: 'binary-ascii', maxLength: 8 }))
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 6 }), (parts, cuts) => {
      const text = parts.join('')
      const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted((a, b) => a - b)
      const pieces = [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length))
      const [whole, cut] = [read([text]), read(pieces.filter((piece) => piece !== ''))]
      expect(cut.refused === null).toBe(whole.refused === null)
      // A refused request may have reported the beginning of a body before.
      const told = ({ requests }: Read) => requests.filter(({ complete }) => complete)
      expect(told(cut)).toEqual(told(whole))
    }),
    { numRuns: 2000 },
  )
})
