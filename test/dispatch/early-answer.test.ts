/** Streaming requests that wait for their slot to load: the head and progress before there is a backend. */
import { afterEach, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import type { Lease, LoadView } from '../../src/slots/run/lease.ts'
import { post, RawClient } from '../http/front/raw-client.ts'
import { FakeSlots } from './support/fake-slots.ts'
import { MiniServer } from './support/mini-server.ts'
import { chunk, jsonAnswer, type RawRequest, RawUpstream, sse, streamEnd, streamHead } from './support/raw-upstream.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const warming: LoadView = { state: 'warming', elapsedMs: 12_000, expectedMs: 30_000, hint: 'comment' }
const words = 'warming — 12 s of about 30 s'

/** A slot that loads until the test says otherwise. */
const loading = (answer: (request: RawRequest) => void, load: LoadView | null = warming) => {
  const upstream = new RawUpstream(answer)
  const slots = new FakeSlots(upstream.origin)
  slots.load = load
  const outcome = Promise.withResolvers<Lease>()
  // It may fail before its request has arrived.
  outcome.promise.catch(() => {})
  slots.onAcquire = () => outcome.promise
  const server = new MiniServer(slots, { early: { first: 5, next: 5 } })
  cleanups.push(
    () => upstream.stop(),
    () => server.stop(),
  )
  return {
    slots,
    server,
    upstream,
    ready: () => outcome.resolve(slots.grant()),
    fails: (error: Hal0Error) => outcome.reject(error),
  }
}

const paths = ['/v1/chat/completions', '/v1/completions', '/v1/responses', '/v1/messages'] as const
const body = { model: 'primary', stream: true, messages: [{ role: 'user', content: 'hi' }] }
const outOfMemory = () => new Hal0Error('slot.out_of_memory', 'The backend of slot primary ran out of memory.')

/** Reads a whole stream, and calls `once` when `wanted` was seen. */
const readUntil = async (answer: Response, wanted: string, once: () => void): Promise<string> => {
  let text = ''
  let seen = false
  for await (const piece of answer.body ?? []) {
    text += Buffer.from(piece).toString()
    if (seen || !text.includes(wanted)) continue
    seen = true
    once()
  }
  return text
}

/** The last piece of a stream that breaks off after its first comment. */
const lastOfBroken = async (server: MiniServer, path: string, once: () => void): Promise<string> => {
  const client = await RawClient.open(server.port)
  client.send(post(path, JSON.stringify(body)))
  await client.until(() => client.text.includes(' of about '))
  once()
  const text = await client.toEnd()
  expect(client.statuses).toEqual([200])
  expect(text).not.toEndWith('\r\n0\r\n\r\n')
  return text.split('\r\n').at(-2) ?? ''
}

describe('a streaming request whose slot is loading', () => {
  for (const path of paths) {
    test(`gets its head and comments, and then the answer: ${path}`, async () => {
      const { server, ready } = loading(({ socket }) => socket.write(streamHead + sse({ n: 1 }) + streamEnd))
      const answer = await server.post(body, { path, headers: { 'x-request-id': 'mine' } })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('text/event-stream')
      expect(answer.headers.get('x-request-id')).toBe('mine')
      const comment = `: ${words}\n\n`
      const text = await readUntil(answer, comment + comment, ready)
      expect(text.replaceAll(comment, '')).toBe('data: {"n":1}\n\ndata: [DONE]\n\n')
      expect((await server.logged(1))[0]).toMatchObject({ status: 200, outcome: 'ok', slot: 'primary' })
    })

    test(`gets the failure of the load as an event, and the stream breaks: ${path}`, async () => {
      const { server, fails } = loading(() => {})
      const text = await lastOfBroken(server, path, () => fails(outOfMemory()))
      expect(text).toContain('"code":"slot.out_of_memory"')
      expect(text).toEndWith('}\n\n')
      expect((await server.logged(1))[0]).toMatchObject({ status: 200, outcome: 'broken', code: 'slot.out_of_memory' })
    })

    test(`gets an error that the backend answers instead of a stream as an event: ${path}`, async () => {
      const error = { code: 400, message: 'too long', type: 'exceed_context_size_error', n_ctx: 512 }
      const { server, ready } = loading(({ socket }) =>
        socket.write(jsonAnswer(JSON.stringify({ error })).replace('200 OK', '400 Bad Request')),
      )
      const text = await lastOfBroken(server, path, ready)
      expect(text).toContain(JSON.stringify(error).slice(1, -1))
      expect((await server.logged(1))[0]).toMatchObject({ status: 400, outcome: 'error' })
    })
  }

  test('gets empty comments where the hint is none', async () => {
    const { server, ready } = loading(({ socket }) => socket.write(streamHead + streamEnd), {
      ...warming,
      hint: 'none',
    })
    const text = await readUntil(await server.post(body), ':\n\n', ready)
    expect(text.replaceAll(':\n\n', '')).toBe('data: [DONE]\n\n')
  })

  test('is told that the load has yet to begin', async () => {
    const { server, ready } = loading(({ socket }) => socket.write(streamHead + streamEnd), {
      ...warming,
      state: 'offline',
      elapsedMs: null,
    })
    await readUntil(await server.post(body), ': waiting for the load to begin\n\n', ready)
  })

  test('breaks with an event when its backend answers with something else than a stream', async () => {
    const { server, ready } = loading(({ socket }) => socket.write(jsonAnswer('{"choices":[]}')))
    const text = await lastOfBroken(server, '/v1/chat/completions', ready)
    expect(text).toContain('"code":"upstream.failed"')
  })

  test('ends its wait when its client leaves', async () => {
    const { server, slots } = loading(() => {})
    slots.onAcquire = ({ signal }) =>
      new Promise((_, refuse) => signal.addEventListener('abort', () => refuse(new Error('it left'))))
    const client = await RawClient.open(server.port)
    client.send(post('/v1/chat/completions', JSON.stringify(body)))
    await client.until(() => client.text.includes(' of about '))
    client.close()
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'aborted', code: null })
  })
})

describe('a request gets no early head', () => {
  for (const [what, asked, load] of [
    ['if it does not stream', { ...body, stream: false }, warming],
    ['if it says nothing about streams', { model: 'primary' }, warming],
    ['if the word is only in its prompt', { model: 'primary', prompt: '"stream":true', x: { stream: true } }, warming],
    ['if it only waits for a place', body, null],
  ] as const) {
    test(what, async () => {
      const { server, fails } = loading(() => {}, load)
      // Far longer than until the head of a stream; if that is too short on a slow machine, the test passes anyway.
      setTimeout(() => fails(new Hal0Error('slot.queue_full', 'Full.')), 100)
      expect((await server.post(asked)).status).toBe(429)
    })
  }
})

describe("OpenAI's client", () => {
  const messages = [{ role: 'user' as const, content: 'hi' }]
  const piece = { id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: 'hello' } }] }

  for (const hint of ['comment', 'thinking', 'none'] as const) {
    test(`survives a cold start with loading_hint ${hint}`, async () => {
      const { server, ready } = loading(({ socket }) => socket.write(streamHead + sse(piece) + streamEnd), {
        ...warming,
        hint,
      })
      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'x', maxRetries: 0 })
      const stream = await client.chat.completions.create({ model: 'primary', messages, stream: true })
      // The stream is only there once its head is.
      if (hint !== 'thinking') ready()
      let [text, thoughts] = ['', '']
      for await (const { choices } of stream) {
        text += choices[0]?.delta.content ?? ''
        const { reasoning_content = '' } = (choices[0]?.delta ?? {}) as { reasoning_content?: string }
        thoughts += reasoning_content
        if (thoughts !== '') ready()
      }
      expect(text).toBe('hello')
      expect(thoughts.startsWith(`${words}\n`)).toBe(hint === 'thinking')
    })
  }
})

describe("Anthropic's client", () => {
  const ask = { model: 'primary', max_tokens: 9, messages: [{ role: 'user' as const, content: 'hi' }] }
  const named = (type: string, data: object) => chunk(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
  const message = { id: 'm', type: 'message', role: 'assistant', model: 'tiny', content: [] }
  const usage = { input_tokens: 7, output_tokens: 0 }
  const events =
    named('message_start', { message: { ...message, stop_reason: null, stop_sequence: null, usage } }) +
    named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
    named('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'hello' } }) +
    named('content_block_stop', { index: 0 }) +
    named('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 3 } }) +
    named('message_stop', {})

  for (const hint of ['comment', 'thinking', 'none'] as const) {
    test(`survives a cold start with loading_hint ${hint}`, async () => {
      const { server, ready } = loading(({ socket }) => socket.write(streamHead + events + chunk('')), {
        ...warming,
        hint,
      })
      const client = new Anthropic({ baseURL: server.url, apiKey: 'x', maxRetries: 0 })
      const stream = client.messages.stream(ask)
      stream.on('connect', ready)
      const final = await stream.finalMessage()
      expect(final.content.at(-1)).toMatchObject({ type: 'text', text: 'hello' })
      expect(final).toMatchObject({ stop_reason: 'end_turn', usage: { input_tokens: 7, output_tokens: 3 } })
    })
  }

  const block = (index: number, content_block: object, delta: object) =>
    named('content_block_start', { index, content_block }) +
    named('content_block_delta', { index, delta }) +
    named('content_block_stop', { index })
  const ending = (stop_reason: string) =>
    named('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 3 } }) +
    named('message_stop', {})
  const start = named('message_start', {
    message: { ...message, stop_reason: null, stop_sequence: null, usage: { ...usage, cache_read_input_tokens: 20 } },
  })
  const ownThoughts = block(
    0,
    { type: 'thinking', thinking: '', signature: '' },
    { type: 'thinking_delta', thinking: 'hm' },
  )
  const text = (index: number) =>
    block(index, { type: 'text', text: '' }, { type: 'text_delta', text: 'grüße, {"index":0}' })
  const tool = (index: number) =>
    block(
      index,
      { type: 'tool_use', id: 'call', name: 'light', input: {} },
      { type: 'input_json_delta', partial_json: '{"index":0}' },
    )

  for (const [what, blocks, then, stop] of [
    ['a text', text(0), [{ type: 'text', text: 'grüße, {"index":0}' }], 'end_turn'],
    ['a tool', text(0) + tool(1), [{ type: 'text' }, { type: 'tool_use', input: { index: 0 } }], 'tool_use'],
    [
      'thoughts of its own',
      ownThoughts + text(1) + tool(2),
      [{ type: 'thinking', thinking: 'hm' }, { type: 'text' }, { type: 'tool_use', name: 'light' }],
      'tool_use',
    ],
  ] as const) {
    test(`sees the progress as a thinking block before ${what}, in one legal message`, async () => {
      const whole = start + named('ping', {}) + blocks + ending(stop)
      const { server, ready } = loading(({ socket }) => socket.write(streamHead + whole + chunk('')), {
        ...warming,
        hint: 'thinking',
      })
      const client = new Anthropic({ baseURL: server.url, apiKey: 'x', maxRetries: 0 })
      const stream = client.messages.stream(ask)
      const events: string[] = []
      stream.on('streamEvent', (event) => {
        events.push('index' in event ? `${event.type} ${event.index}` : event.type)
      })
      stream.once('thinking', ready)
      const final = await stream.finalMessage()
      const [first, ...others] = final.content
      expect(first?.type === 'thinking' && first.thinking.startsWith(`${words}\n`)).toBe(true)
      expect(others).toMatchObject([...then])
      expect(final).toMatchObject({
        stop_reason: stop,
        usage: { input_tokens: 7, cache_read_input_tokens: 20, output_tokens: 3 },
      })
      expect(events.filter((event) => event === 'message_start')).toHaveLength(1)
      const starts = events.filter((event) => event.startsWith('content_block_start'))
      expect(starts).toEqual(final.content.map((_, index) => `content_block_start ${index}`))
      expect(events.slice(-2)).toEqual(['message_delta', 'message_stop'])
      expect((await server.logged(1))[0]).toMatchObject({ outcome: 'ok', prompt_tokens: 27, completion_tokens: 3 })
    })
  }

  test('learns why a load failed after its progress was shown', async () => {
    const { server, fails } = loading(() => {}, { ...warming, hint: 'thinking' })
    const client = new Anthropic({ baseURL: server.url, apiKey: 'x', maxRetries: 0 })
    const stream = client.messages.stream(ask)
    stream.once('thinking', () => fails(outOfMemory()))
    const failure = await stream.finalMessage().catch((error: unknown) => error)
    expect(failure).toMatchObject({ error: { error: { code: 'slot.out_of_memory' } } })
  })
})
