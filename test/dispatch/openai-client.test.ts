/** The real `openai` client against the dispatcher. */
import { afterEach, describe, expect, test } from 'bun:test'
import OpenAI, { APIError, BadRequestError, InternalServerError, NotFoundError, RateLimitError } from 'openai'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { jsonAnswer, type RawRequest, sse, streamEnd, streamHead } from './support/raw-upstream.ts'
import { relayTo } from './support/relay-to.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

/** `expect().rejects` of Bun does not wait for the client's own kind of promise. */
const thrownBy = async (promise: PromiseLike<unknown>): Promise<Error> => {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('it was not refused')
}

const messages = [{ role: 'user' as const, content: 'hi' }]
const delta = (content: string) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content } }],
})

const setUp = (answer: (request: RawRequest) => void, maxRetries = 0) => {
  const { upstream, slots, server } = relayTo(answer, cleanups)
  return { upstream, slots, client: new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'secret', maxRetries }) }
}

describe("OpenAI's client", () => {
  test('gets a chat completion, and its key stays at hal0', async () => {
    const { client, upstream } = setUp(({ socket }) =>
      socket.write(jsonAnswer(JSON.stringify({ choices: [{ message: { role: 'assistant', content: 'hello' } }] }))),
    )
    const completion = await client.chat.completions.create({ model: 'primary', messages })
    expect(completion.choices[0]?.message.content).toBe('hello')
    expect(upstream.requests[0]?.head).not.toContain('secret')
  })

  test('gets a stream', async () => {
    const { client } = setUp(({ socket }) =>
      socket.write(streamHead + sse(delta('hel')) + sse(delta('lo')) + streamEnd),
    )
    let text = ''
    for await (const event of await client.chat.completions.create({ model: 'primary', messages, stream: true })) {
      text += event.choices[0]?.delta.content ?? ''
    }
    expect(text).toBe('hello')
  })

  test('gets embeddings', async () => {
    const { client } = setUp(({ socket }) =>
      socket.write(jsonAnswer(JSON.stringify({ data: [{ embedding: [0.5, 1], index: 0 }] }))),
    )
    const { data } = await client.embeddings.create({ model: 'tiny', input: 'a', encoding_format: 'float' })
    expect(data[0]?.embedding).toEqual([0.5, 1])
  })

  test('throws NotFoundError for an unknown model', async () => {
    const { client } = setUp(() => {})
    const error = await thrownBy(client.chat.completions.create({ model: 'gpt-5', messages }))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({ code: 'model.not_found', param: 'model', status: 404 })
    expect((error as NotFoundError).requestID).toMatch(/^[0-9a-z]{12}$/)
  })

  test('throws BadRequestError without a model', async () => {
    const { client } = setUp(() => {})
    expect(await thrownBy(client.chat.completions.create({ model: '', messages }))).toBeInstanceOf(BadRequestError)
  })

  test('throws RateLimitError for a full queue, and gets its answer when it tries again as Retry-After says', async () => {
    const full = () => {
      throw new Hal0Error('slot.queue_full', 'The queue of slot primary is full.', { retryAfterS: 0.1 })
    }
    const refused = setUp(() => {})
    refused.slots.onAcquire = full
    expect(await thrownBy(refused.client.completions.create({ model: 'primary', prompt: 'a' }))).toBeInstanceOf(
      RateLimitError,
    )

    const patient = setUp(({ socket }) => socket.write(jsonAnswer('{"choices":[]}')), 1)
    patient.slots.onAcquire = () => {
      patient.slots.onAcquire = null
      return full()
    }
    expect((await patient.client.completions.create({ model: 'primary', prompt: 'a' })).choices).toEqual([])
  })

  test('throws InternalServerError with the code when the backend dies before it answers', async () => {
    const { client } = setUp(({ socket }) => socket.terminate())
    const error = await thrownBy(client.chat.completions.create({ model: 'primary', messages }))
    expect(error).toBeInstanceOf(InternalServerError)
    expect(error).toMatchObject({ code: 'upstream.failed' })
  })

  test('throws in the middle of a stream whose backend died, after the pieces that came', async () => {
    const { client, upstream } = setUp(({ socket }) => socket.write(streamHead + sse(delta('hel'))))
    let text = ''
    const read = async () => {
      for await (const event of await client.chat.completions.create({ model: 'primary', messages, stream: true })) {
        text += event.choices[0]?.delta.content ?? ''
        upstream.requests[0]?.socket.terminate()
      }
    }
    expect(await thrownBy(read())).toBeInstanceOf(Error)
    expect(text).toBe('hel')
  })

  test('makes the backend see a hang-up when it aborts a stream', async () => {
    const { client, upstream } = setUp(({ socket }) => socket.write(streamHead + sse(delta('a'))))
    const stream = await client.chat.completions.create({ model: 'primary', messages, stream: true })
    for await (const _event of stream) break
    stream.controller.abort()
    await upstream.until(() => upstream.closed === 1)
  })

  test("throws the backend's own error as it is", async () => {
    const text = '{"error":{"code":400,"message":"too long","type":"exceed_context_size_error","n_ctx":512}}'
    const { client } = setUp(({ socket }) => socket.write(jsonAnswer(text).replace('200 OK', '400 Bad Request')))
    const error = await thrownBy(client.completions.create({ model: 'primary', prompt: 'a' }))
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ status: 400, type: 'exceed_context_size_error', error: { n_ctx: 512 } })
  })
})
