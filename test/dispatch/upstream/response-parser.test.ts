import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ResponseHead } from '../../../src/dispatch/upstream/response-head.ts'
import { ResponseParser } from '../../../src/dispatch/upstream/response-parser.ts'
import { MalformedMessage } from '../../../src/lib/http/body-decoder.ts'

interface Read {
  head: ResponseHead | null
  body: string
  ended: boolean
  reusable: boolean
}

const read = (pieces: (string | Buffer)[], close = false): Read => {
  const parser = new ResponseParser()
  const result: Read = { head: null, body: '', ended: false, reusable: false }
  const events = {
    head: (head: ResponseHead) => {
      result.head = head
    },
    data: (bytes: Buffer) => {
      result.body += bytes.toString('latin1')
    },
    end: () => {
      result.ended = true
    },
  }
  for (const piece of pieces) parser.feed(Buffer.from(piece as string, 'latin1'), events)
  if (close) parser.close(events)
  result.reusable = parser.reusable
  return result
}

const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nx-a: 2\r\n\r\n5;ext=1\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n'

describe('an answer of a backend', () => {
  test('with Content-Length is read to that length and the connection may be used again', () => {
    const answer = read(['HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello'])
    expect(answer).toMatchObject({ body: 'hello', ended: true, reusable: true })
    expect(answer.head).toMatchObject({ status: 404, length: 5, framing: 'length' })
    expect(answer.head?.headers['content-type']).toBe('text/plain')
  })

  test('in chunks is read without their frames, extensions and trailers', () => {
    const answer = read([chunked])
    expect(answer).toMatchObject({ body: 'hello0123456789abcdef', ended: true, reusable: true })
    expect(answer.head?.headers['x-a']).toBe('1, 2')
  })

  test('is read the same wherever it is cut', () => {
    const whole = read([chunked])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: chunked.length }), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), chunked.length]
        const pieces = at.slice(1).map((end, index) => chunked.slice(at[index], end))
        expect(read(pieces.filter((piece) => piece !== ''))).toEqual(whole)
      }),
    )
  })

  test('hands on all chunks that came together as one piece', () => {
    const pieces: string[] = []
    const events = {
      head: () => {},
      data: (bytes: Buffer) => pieces.push(bytes.toString()),
      end: () => pieces.push('end'),
    }
    const parser = new ResponseParser()
    parser.feed(Buffer.from(chunked.slice(0, -'cdef\r\n0\r\nTrailer: x\r\n\r\n'.length)), events)
    expect(pieces).toEqual(['hello0123456789ab'])
    parser.feed(Buffer.from('cdef\r\n0\r\n\r\n'), events)
    expect(pieces).toEqual(['hello0123456789ab', 'cdef', 'end'])
  })

  test('has chunk sizes in either case, with blanks and extensions after them', () => {
    const sizes = ['A', 'a ', '0a\t;x', '00a;a=b']
    const body = sizes.map((size) => `${size}\r\n0123456789\r\n`).join('')
    expect(read([`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}0\r\n\r\n`])).toMatchObject({
      body: '0123456789'.repeat(4),
      ended: true,
    })
  })

  test('that is cut short has not ended', () => {
    for (let length = 0; length < chunked.length; length++) {
      expect(read([chunked.slice(0, length)], true).ended).toBe(false)
    }
  })

  test('without a length ends with the connection, which then cannot be reused', () => {
    const answer = read(['HTTP/1.1 200 OK\r\n\r\nhel', 'lo'], true)
    expect(answer).toMatchObject({ body: 'hello', ended: true, reusable: false })
    expect(answer.head?.framing).toBe('until-close')
  })

  test('may be preceded by 100 Continue', () => {
    expect(read(['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'])).toMatchObject({
      body: 'ok',
      ended: true,
    })
  })

  test('of status 204 has no body', () => {
    expect(read(['HTTP/1.1 204 No Content\r\n\r\n'])).toMatchObject({ ended: true, reusable: true })
  })

  test('with Connection: close, of HTTP/1.0, or with two lengths is the last of its connection', () => {
    expect(read(['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n']).reusable).toBe(false)
    expect(read(['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n']).reusable).toBe(false)
    const both = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    expect(read([both])).toMatchObject({ ended: true, reusable: false })
  })
})

describe('bytes after a complete answer', () => {
  for (const [framing, text, body] of [
    ['of a known length', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc', 'a'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n\r\n', 'a'],
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\nabc', ''],
  ] as const) {
    test(`${framing} leave it whole, and its connection cannot be reused`, () => {
      for (let cut = 0; cut < text.length; cut++) {
        const pieces = [text.slice(0, cut), text.slice(cut)].filter((piece) => piece !== '')
        expect(read(pieces)).toMatchObject({ body, ended: true, reusable: false })
      }
    })
  }
})

describe('what is not an answer is refused', () => {
  const cases: Record<string, string> = {
    'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    'a status that is not a number': 'HTTP/1.1 abc OK\r\n\r\n',
    'a status out of range': 'HTTP/1.1 999 OK\r\n\r\n',
    'a protocol change': 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n',
    'a header without a name': 'HTTP/1.1 200 OK\r\n: x\r\n\r\n',
    'a header without a colon': 'HTTP/1.1 200 OK\r\nhello\r\n\r\n',
    'a negative length': 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'two different lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'a chunk without a size': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'a chunk size that ends in a letter': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1g\r\n',
    'a negative chunk size': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n',
    'a chunk of more bytes than there are': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
    'a chunk longer than its size': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n',
    'an endless chunk size line': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1'.repeat(2000)}`,
    'an unknown coding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    'an endless head': `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`,
  }
  for (const [what, text] of Object.entries(cases)) {
    test(what, () => expect(() => read([text])).toThrow(MalformedMessage))
  }

  test('random bytes never do anything but that', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, withHead) => {
        try {
          const head = withHead ? ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'] : []
          read([...head, Buffer.from(bytes)])
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage)
        }
      }),
    )
  })
})
