import { describe, expect, test } from 'bun:test'
import { codeOf } from '../support/raw.ts'
import { post, RawClient } from './raw-client.ts'
import { echo, startFront } from './start-front.ts'

const get = (path = '/a', headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`
const close = 'Connection: close\r\n'

/** Sends `text` and returns all that comes until the server closes its side. */
const ask = async (port: number, text: string): Promise<string> => {
  const client = await RawClient.open(port)
  return client.send(text).toEnd()
}
const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4)

describe('a request', () => {
  for (const [what, text] of [
    ['with a CRLF after its body', `${post('/a', 'x')}\r\n${get('/b', close)}`],
    ['with empty lines before it', `\r\n\r\n${post('/a', 'x')}${get('/b', close)}`],
    ['with another one behind it', post('/a', 'x') + get('/b', close)],
  ] as const) {
    test(`${what} is answered, and so is the next one`, async () => {
      const client = await RawClient.open(startFront(echo).port)
      await client.send(text).toEnd()
      expect(client.statuses).toEqual([200, 200])
      expect(client.text.indexOf('POST /a x')).toBeLessThan(client.text.indexOf('GET /b'))
    })
  }

  test('in chunks with trailers is answered', async () => {
    const text = `POST /a HTTP/1.1\r\nHost: localhost\r\n${close}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 1\r\n\r\n`
    expect(bodyOf(await ask(startFront(echo).port, text))).toBe('POST /a abc')
  })

  test('behind others waits for its turn', async () => {
    const order: string[] = []
    const front = startFront(async ({ target }, answer) => {
      order.push(`begins ${target}`)
      await Bun.sleep(5)
      order.push(`ends ${target}`)
      answer.send(200, '', null)
    })
    await ask(front.port, get('/1') + get('/2') + get('/3', close))
    expect(order).toEqual(['/1', '/2', '/3'].flatMap((each) => [`begins ${each}`, `ends ${each}`]))
  })

  test('a thousand of them in one go are answered', async () => {
    const client = await RawClient.open(startFront(echo).port)
    await client.send(get().repeat(999) + get('/last', close)).toEnd()
    expect(client.statuses.length).toBe(1000)
  })

  test('that is not HTTP is answered 400 with an envelope, whatever it is', async () => {
    const { port } = startFront(echo)
    for (const text of [
      '\0',
      'SSH-2.0-x\r\n\r\n',
      'GET / HTTP/1.1\n\n',
      '\x16\x03\x01',
      '{"model":"a"}\r\n\r\n',
      'GET\r\n\r\n',
    ]) {
      const answer = await ask(port, text)
      expect([answer.slice(9, 12), codeOf(answer)]).toEqual(['400', 'request.invalid'])
    }
  })

  test('with headers that are too large is answered 431, with an address that is too long 414', async () => {
    const { port } = startFront(echo)
    const large = await ask(port, get('/', `X: ${'a'.repeat(40_000)}\r\n`))
    expect([large.slice(9, 12), codeOf(large)]).toEqual(['431', 'request.invalid'])
    const long = await ask(port, get(`/${'a'.repeat(10_000)}`))
    expect([long.slice(9, 12), codeOf(long)]).toEqual(['414', 'request.invalid'])
  })

  test('whose chunks cannot be read is answered 400, and the connection ends', async () => {
    const text = 'POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'
    const answer = await ask(startFront(echo).port, text)
    expect([answer.slice(9, 12), codeOf(answer)]).toEqual(['400', 'request.invalid'])
  })

  test('that ends before its body is whole is answered 400', async () => {
    const client = await RawClient.open(startFront(echo).port)
    const answer = await client.send(post('/a', 'abc').slice(0, -1)).halfClose().toEnd()
    expect([answer.slice(9, 12), codeOf(answer)]).toEqual(['400', 'request.invalid'])
  })

  test('that expects 100 Continue gets it once its body is requested, and not if it is refused before', async () => {
    const head =
      'POST /a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\n'
    const client = await RawClient.open(startFront(echo).port)
    client.send(head)
    await client.until(() => client.text.endsWith('\r\n\r\n'))
    expect(client.text).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    expect(bodyOf(await client.send('abc').toEnd())).toEndWith('POST /a abc')
    const refusing = startFront((_request, answer) => answer.send(413, '', null))
    expect((await ask(refusing.port, head)).slice(9, 12)).toBe('413')
  })

  test('of HTTP/1.0 is answered and closed, unless it asks for more', async () => {
    const { port } = startFront(echo)
    expect(await ask(port, 'GET /a HTTP/1.0\r\n\r\n')).toContain('connection: close')
    const client = await RawClient.open(port)
    client.send('GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    await client.until(() => client.text.endsWith('GET /a '))
    expect(client.text).toContain('connection: keep-alive')
    await client.send('GET /b HTTP/1.0\r\n\r\n').toEnd()
    expect(client.statuses).toEqual([200, 200])
  })
})

describe('an answer', () => {
  test('to HEAD has the length and no body; 204 and 304 have neither', async () => {
    const { port } = startFront(({ target }, answer) => answer.send(Number(target.slice(1)), '', Buffer.from('abc')))
    const head = await ask(port, `HEAD /200 HTTP/1.1\r\nHost: a\r\n${close}\r\n`)
    expect(head).toContain('content-length: 3\r\n')
    expect(bodyOf(head)).toBe('')
    for (const status of [204, 304]) {
      const answer = await ask(port, get(`/${status}`, close))
      expect(answer).not.toContain('content-length')
      expect(bodyOf(answer)).toBe('')
    }
  })

  test('whose length is not known comes in chunks, and to HTTP/1.0 until the end', async () => {
    const front = startFront((_request, answer) => {
      answer.begin(200, '', null)
      answer.write(Buffer.from('abc'))
      answer.write(Buffer.alloc(0))
      answer.write(Buffer.from('d'))
      answer.end()
    })
    expect(bodyOf(await ask(front.port, get('/', close)))).toBe('3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n')
    expect(bodyOf(await ask(front.port, 'GET / HTTP/1.0\r\n\r\n'))).toBe('abcd')
  })

  test('that breaks off has no last chunk, nor the announced length', async () => {
    for (const length of [null, 9]) {
      const front = startFront((_request, answer) => {
        answer.begin(200, '', length)
        answer.write(Buffer.from('abc'))
        answer.break()
      })
      const text = await ask(front.port, get())
      expect(bodyOf(text)).toBe(length === null ? '3\r\nabc\r\n' : 'abc')
    }
  })

  test('to a request whose body was not read reaches a client that keeps sending', async () => {
    const front = startFront((_request, answer) => answer.send(413, '', Buffer.from('too large')))
    const client = await RawClient.open(front.port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n')
    for (let sent = 0; sent < 20; sent++) client.send('x'.repeat(1_000_000))
    expect(await client.toEnd()).toEndWith('too large')
    expect(client.text).toContain('connection: close')
  })

  test('comes at once if the body has already arrived, and the body has the bytes that were sent', async () => {
    let whole: Buffer | null = null
    const front = startFront(({ body, headers }, answer) => {
      whole = body.whole()
      answer.send(200, `x-title: ${headers.get('x-title')}\r\n`, null)
    })
    const text = await ask(front.port, post('/', 'a\xff\0b', `X-Title: caf\xe9\r\n${close}`))
    expect((whole as Buffer | null)?.toString('latin1')).toBe('a\xff\0b')
    expect(text).toContain('x-title: caf\xe9\r\n')
  })
})

describe('a client that takes too long', () => {
  const quick = { sweepMs: 10, idleMs: 30, headMs: 60, bodyMs: 60, bodyBytes: 100, writeMs: 60, lingerMs: 30 }

  test('for its next request is disconnected without an answer', async () => {
    const client = await RawClient.open(startFront(echo, { limits: quick }).port)
    expect(await client.send(get()).toEnd()).toEndWith('GET /a ')
  })

  test('for the head of its request is told so', async () => {
    const front = startFront(echo, { limits: quick })
    const answer = await ask(front.port, 'GET / HTTP/1.1\r\nHost: loc')
    expect([answer.slice(9, 12), codeOf(answer)]).toEqual(['408', 'request.invalid'])
  })

  test('for its request is closed, whatever empty lines it sends', async () => {
    const client = await RawClient.open(startFront(echo, { limits: quick }).port)
    const timer = setInterval(() => client.send('\r\n'), 5)
    await client.until(() => client.closed)
    clearInterval(timer)
    // So many empty lines that they are refused would get an answer.
    expect(client.text).toBe('')
  })

  test('for its body is told so, however it trickles', async () => {
    const client = await RawClient.open(startFront(echo, { limits: quick }).port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n')
    const timer = setInterval(() => client.send('x'), 5)
    const answer = await client.toEnd()
    clearInterval(timer)
    expect([answer.slice(9, 12), codeOf(answer)]).toEqual(['408', 'request.invalid'])
  })

  test('to read is cut off; the writer of its answer is told so, and was held back before', async () => {
    let written = 0
    const gone = Promise.withResolvers<unknown>()
    const front = startFront(
      ({ signal }, answer) => {
        signal.addEventListener('abort', () => gone.resolve(signal.reason))
        answer.begin(200, '', null)
        const piece = (): boolean => {
          written += 65_536
          return answer.write(Buffer.alloc(65_536))
        }
        answer.onRoom = () => {
          while (piece());
        }
        answer.onRoom()
      },
      { limits: quick },
    )
    const client = await RawClient.open(front.port, false)
    client.send(get())
    expect(String(await gone.promise)).toContain('did not read its answer')
    // The system itself buffers some megabytes of an answer, on both sides of the connection.
    expect(written).toBeLessThan(32 * 1024 * 1024)
    expect(front.inFlight).toBe(0)
  })
})
