import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import type { ErrorCode } from '../../src/contract/error.ts'
import { errorResponse, sendError } from '../../src/http/answers/errors.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { log } from '../../src/lib/log.ts'
import { startServer, type TestServer } from './support/server.ts'

const request = { method: 'GET', url: 'http://localhost/api/slots' }

describe('an error as a response', () => {
  test('has the status and the envelope of its code', async () => {
    const error = new Hal0Error('model.in_use', 'It is used.', { param: 'id', details: { slots: ['a'] } })
    const response = errorResponse(error, request)
    expect(response.status).toBe(409)
    expect(await response.json()).toEqual({
      error: {
        message: 'It is used.',
        type: 'conflict_error',
        param: 'id',
        code: 'model.in_use',
        details: { slots: ['a'] },
      },
    })
  })

  test('says when to retry if waiting helps', () => {
    const { headers } = errorResponse(new Hal0Error('slot.warming', 'Loading.', { retryAfterS: 2.2 }), request)
    expect([headers.get('retry-after'), headers.get('x-should-retry')]).toEqual(['3', null])
  })

  test('says that retrying is useless where it is', () => {
    const { headers } = errorResponse(new Hal0Error('slot.not_loaded', 'Not loaded.'), request)
    expect([headers.get('retry-after'), headers.get('x-should-retry')]).toEqual([null, 'false'])
  })

  test('hides what is not meant for clients and logs it', async () => {
    const logged: unknown[] = []
    log.mockTypes(
      () =>
        (...args: unknown[]) =>
          logged.push(...args),
    )
    try {
      const secret = new TypeError('undefined is not /home/somebody/secret')
      const response = errorResponse(secret, request)
      const text = await response.text()
      expect(response.status).toBe(500)
      expect(JSON.parse(text).error.code).toBe('internal')
      expect(text).not.toContain('secret')
      expect(logged).toContain(secret)
    } finally {
      log.restoreAll()
      log.mockTypes()
    }
  })
})

describe("the openai client's error classes", () => {
  let server: TestServer
  let next: ErrorCode = 'internal'
  let calls = 0
  beforeAll(async () => {
    server = await startServer({
      dispatch: (_call, answer) => {
        calls++
        sendError(answer, new Hal0Error(next, 'A sentence.', { details: { why: 'test' } }), {
          ...request,
          requestId: 'test',
        })
      },
    })
  })
  afterAll(() => server.stop())

  const expected: [ErrorCode, unknown][] = [
    ['request.invalid', OpenAI.BadRequestError],
    ['model.not_found', OpenAI.NotFoundError],
    ['slot.queue_full', OpenAI.RateLimitError],
    ['slot.warming', OpenAI.InternalServerError],
    ['slot.not_loaded', OpenAI.InternalServerError],
  ]
  for (const [code, errorClass] of expected) {
    test(`${code} is read with code and sentence`, async () => {
      next = code
      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'any', maxRetries: 0 })
      const failed = client.chat.completions.create({ model: 'a', messages: [] })
      const error = await failed.then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(errorClass as typeof OpenAI.APIError)
      expect((error as InstanceType<typeof OpenAI.APIError>).code).toBe(code)
      expect((error as Error).message).toContain('A sentence.')
    })
  }

  test('a request whose error waiting does not fix is not repeated', async () => {
    next = 'slot.not_loaded'
    calls = 0
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'any', maxRetries: 2 })
    await client.completions.create({ model: 'a', prompt: 'b' }).catch((error: unknown) => error)
    expect(calls).toBe(1)
  })

  test('an unknown model is read from the list of models too', async () => {
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'any', maxRetries: 0 })
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['primary', 'org/alias'])
    expect((await client.models.retrieve('org/alias')).id).toBe('org/alias')
    const error = await client.models.retrieve('nothing').catch((thrown: unknown) => thrown)
    expect((error as InstanceType<typeof OpenAI.APIError>).code).toBe('model.not_found')
  })
})

test('a handler that throws is answered with an envelope without its message', async () => {
  const server = await startServer({
    status: () => {
      throw new Error('secret inside')
    },
  })
  log.mockTypes(() => () => {})
  try {
    const response = await fetch(`${server.url}/api/status`)
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(JSON.parse(text).error.code).toBe('internal')
    expect(text).not.toContain('secret')
  } finally {
    log.restoreAll()
    log.mockTypes()
    await server.stop()
  }
})
