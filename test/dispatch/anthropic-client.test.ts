/** Anthropic's own client, and OpenAI's for responses: what they make of hal0's errors and of streams that break. */
import { afterEach, describe, expect, test } from 'bun:test'
import Anthropic, { APIError, InternalServerError, NotFoundError } from '@anthropic-ai/sdk'
import OpenAI, { APIError as OpenAIError } from 'openai'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { crashed } from './support/fake-slots.ts'
import { chunk, type RawRequest, streamHead } from './support/raw-upstream.ts'
import { relayTo } from './support/relay-to.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const setUp = (answer: (request: RawRequest) => void = () => {}) => {
  const parts = relayTo(answer, cleanups)
  const options = { apiKey: 'any', maxRetries: 0 }
  return {
    ...parts,
    anthropic: new Anthropic({ ...options, baseURL: parts.server.url }),
    openai: new OpenAI({ ...options, baseURL: `${parts.server.url}/v1` }),
  }
}

const failureOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    (answer) => new Error(`it was answered: ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  )

const message = { model: 'primary', max_tokens: 9, messages: [{ role: 'user' as const, content: 'Hello' }] }
const event = (type: string, data: object = {}): string =>
  chunk(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
const usage = { input_tokens: 3, output_tokens: 0, cache_read_input_tokens: 20 }
const messageStart = event('message_start', {
  message: { id: 'x', type: 'message', role: 'assistant', content: [], usage },
})
const messageEnd = event('message_delta', { delta: {}, usage: { output_tokens: 5 } }) + event('message_stop')

describe('Anthropic’s client', () => {
  test('throws its own errors for hal0’s', async () => {
    const { anthropic, slots } = setUp()
    const unknown = await failureOf(anthropic.messages.create({ ...message, model: 'claude' }))
    expect(unknown).toBeInstanceOf(NotFoundError)
    expect(unknown).toMatchObject({
      error: { type: 'error', error: { type: 'not_found_error', code: 'model.not_found' } },
    })
    slots.onAcquire = () => {
      throw new Hal0Error('slot.not_loaded', 'It is not loaded.')
    }
    const unloaded = await failureOf(anthropic.messages.countTokens(message))
    expect(unloaded).toBeInstanceOf(InternalServerError)
    expect(unloaded).toMatchObject({ error: { error: { type: 'api_error', code: 'slot.not_loaded' } } })
  })

  test('throws when its stream breaks, and knows why', async () => {
    const { anthropic, server, slots } = setUp(({ socket }) => socket.write(streamHead + messageStart))
    const stream = await anthropic.messages.create({ ...message, stream: true })
    const seen: string[] = []
    const failure = await failureOf(
      (async () => {
        for await (const { type } of stream) {
          seen.push(type)
          slots.lastLease.takeBack(crashed())
        }
      })(),
    )
    expect(seen).toEqual(['message_start'])
    expect(failure).toBeInstanceOf(APIError)
    expect(failure).toMatchObject({ error: { type: 'error', error: { type: 'api_error', code: 'slot.crashed' } } })
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'broken', code: 'slot.crashed', path: '/v1/messages' })
  })

  test('had its answer when it leaves after the last event, and its tokens are counted', async () => {
    const { anthropic, server } = setUp(({ socket }) => socket.write(streamHead + messageStart + messageEnd))
    const stream = await anthropic.messages.create({ ...message, stream: true })
    for await (const { type } of stream) if (type === 'message_stop') break
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'ok', prompt_tokens: 23, completion_tokens: 5 })
  })
})

describe('OpenAI’s client for responses', () => {
  const begin = event('response.created', { response: { id: 'x' } })

  test('throws when its stream breaks, and knows why', async () => {
    const { openai, slots } = setUp(({ socket }) => socket.write(streamHead + begin))
    const stream = await openai.responses.create({ model: 'primary', input: 'Hello', stream: true })
    const failure = await failureOf(
      (async () => {
        for await (const _event of stream) slots.lastLease.takeBack(crashed())
      })(),
    )
    expect(failure).toBeInstanceOf(OpenAIError)
    expect(failure).toMatchObject({ code: 'slot.crashed', type: 'server_error' })
  })

  test('had its answer when it leaves after the last event, and its tokens are counted', async () => {
    const last = event('response.completed', { response: { id: 'x', usage: { input_tokens: 7, output_tokens: 2 } } })
    const { openai, server } = setUp(({ socket }) => socket.write(streamHead + begin + last))
    const stream = await openai.responses.create({ model: 'primary', input: 'Hello', stream: true })
    for await (const { type } of stream) if (type === 'response.completed') break
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'ok', prompt_tokens: 7, completion_tokens: 2 })
  })
})
