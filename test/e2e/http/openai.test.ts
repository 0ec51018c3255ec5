/** The compiled binary, the real llama.cpp and OpenAI's own client. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import OpenAI, { APIError, BadRequestError, InternalServerError, NotFoundError, RateLimitError } from 'openai'
import { Daemon, killNow } from '../../support/daemon.ts'
import { testWith } from '../../support/part.ts'
import { realEngine } from '../../support/real-engine.ts'
import { SlotWatch } from '../../support/slot-watch.ts'
import { standInEventsOf } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { until } from '../../support/until.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

const withEngine = testWith('python3 on PATH', Bun.which('python3') !== null)
/** Random weights rarely say anything decent; whatever they say is an answer. */
const messages = [{ role: 'user' as const, content: 'Hello' }]

const clientOf = (daemon: Daemon, fetcher: typeof fetch = fetch) =>
  new OpenAI({ baseURL: `${daemon.url}/v1`, apiKey: 'sk-of-the-client', fetch: fetcher })

/** A client and a count of the requests that it sends. */
const countingClient = (daemon: Daemon) => {
  const sent: string[] = []
  const counting = ((input: Request | string | URL, init?: RequestInit) => {
    sent.push(String(input))
    return fetch(input, init)
  }) as typeof fetch
  return { client: clientOf(daemon, counting), sent }
}

const failureOf = async (request: Promise<unknown>): Promise<APIError> => {
  const outcome = await request.then(
    (answer) => new Error(`it was answered: ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  )
  if (outcome instanceof APIError) return outcome
  throw outcome
}

const startChat = async (settings: Record<string, unknown> = {}) => {
  const daemon = await Daemon.start()
  await daemon.addSlot(await tinyModel('chat'), {
    name: 'primary',
    model: 'tiny-chat',
    aliases: ['gpt-4o', 'org/any name'],
    engine: await realEngine(),
    ...settings,
  })
  return daemon
}

withEngine('OpenAI’s client chats with a slot by its name, by its model’s ref and by an alias', async () => {
  const daemon = await startChat()
  await daemon.load()
  const client = clientOf(daemon)
  for (const model of ['primary', 'tiny-chat', 'gpt-4o', 'org/any name']) {
    const answer = await client.chat.completions.create({ model, messages, max_tokens: 8 })
    expect(answer.choices[0]?.message.role).toBe('assistant')
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
  }
  const listed = await client.models.list()
  expect(listed.data.map(({ id }) => id)).toEqual(['primary', 'tiny-chat', 'gpt-4o', 'org/any name'])
  expect((await client.models.retrieve('org/any name')).id).toBe('org/any name')
})

withEngine(
  'OpenAI’s client streams a chat and a completion chunk by chunk, to a finish reason and the usage',
  async () => {
    const daemon = await startChat()
    await daemon.load()
    const client = clientOf(daemon)
    const options = { max_tokens: 16, stream: true, stream_options: { include_usage: true } } as const
    const chunks: OpenAI.ChatCompletionChunk[] = []
    const ignoring = { ignore_eos: true } as object
    for await (const chunk of await client.chat.completions.create({
      model: 'primary',
      messages,
      ...options,
      ...ignoring,
    })) {
      chunks.push(chunk)
    }
    expect(chunks.length).toBeGreaterThan(10)
    expect(chunks.some(({ choices }) => choices[0]?.finish_reason === 'length')).toBe(true)
    expect(chunks.at(-1)?.usage?.completion_tokens).toBe(16)
    let tokens = 0
    for await (const chunk of await client.completions.create({
      model: 'gpt-4o',
      prompt: 'Hello',
      ...options,
      ...ignoring,
    })) {
      tokens = Math.max(tokens, chunk.usage?.completion_tokens ?? 0)
    }
    expect(tokens).toBe(16)
    const whole = await client.completions.create({ model: 'tiny-chat', prompt: 'Hello', max_tokens: 4 })
    expect(whole.object).toBe('text_completion')
  },
)

withEngine('an embedding slot gives OpenAI’s client vectors, a rerank slot gives scores', async () => {
  const daemon = await Daemon.start()
  const engine = await realEngine()
  await daemon.addSlot(await tinyModel('embedding'), {
    name: 'embed',
    model: 'tiny-embedding',
    engine,
    aliases: ['ada'],
  })
  await daemon.addSlot(await tinyModel('rerank'), { name: 'ranker', model: 'tiny-rerank', engine })
  await Promise.all([daemon.load('embed'), daemon.load('ranker')])
  const client = clientOf(daemon)
  for (const model of ['embed', 'tiny-embedding', 'ada']) {
    const { data } = await client.embeddings.create({ model, input: ['one', 'two'] })
    expect(data.map(({ embedding }) => embedding.length)).toEqual([
      data[0]?.embedding.length ?? 0,
      data[0]?.embedding.length ?? 0,
    ])
    expect(data[0]?.embedding.every(Number.isFinite)).toBe(true)
    expect(data[0]?.embedding.length).toBeGreaterThan(1)
  }
  for (const path of ['rerank', 'reranking']) {
    const body = { model: 'ranker', query: 'a', documents: ['one', 'two', 'three'] }
    const { results } = await daemon.must<{ results: unknown[] }>('POST', `/v1/${path}`, body)
    expect(results).toHaveLength(3)
  }
})

withEngine('two slots with one model: each endpoint goes by the model’s id to the slot that can do it', async () => {
  const daemon = await Daemon.start()
  const engine = await realEngine()
  const model = await tinyModel('chat')
  await daemon.addSlot(model, { name: 'a-chat', model: 'tiny-chat', engine })
  await daemon.addSlot(model, { name: 'b-embed', model: 'tiny-chat', mode: 'embedding', engine })
  await Promise.all([daemon.load('a-chat'), daemon.load('b-embed')])
  const client = clientOf(daemon)
  const { data } = await client.embeddings.create({ model: 'tiny-chat', input: 'one' })
  expect(data[0]?.embedding.length).toBeGreaterThan(1)
  const chat = await client.completions.create({ model: 'tiny-chat', prompt: 'one', max_tokens: 1 })
  expect(chat.choices).toHaveLength(1)
  const refused = await failureOf(client.embeddings.create({ model: 'a-chat', input: 'one' }))
  expect(refused).toMatchObject({ status: 400, code: 'request.unsupported' })
})

withEngine(
  'a refusal of the backend itself is passed on unchanged: a prompt longer than the context is its 400',
  async () => {
    const daemon = await startChat({ context_size: 256, parallel: 1 })
    await daemon.load()
    const { port } = await daemon.state()
    const body = { model: 'primary', messages: [{ role: 'user', content: 'word '.repeat(4000) }] }
    const direct = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${daemon.backendKey()}` },
      body: JSON.stringify(body),
    })
    const relayed = await daemon.call('POST', '/v1/chat/completions', body)
    expect(relayed.status).toBe(400)
    expect(relayed.body).toEqual(await direct.json())
    expect(relayed.body).toMatchObject({ error: { n_prompt_tokens: expect.any(Number), n_ctx: expect.any(Number) } })
    const { client, sent } = countingClient(daemon)
    const failure = await failureOf(client.chat.completions.create(body as never))
    expect(failure).toBeInstanceOf(BadRequestError)
    expect(failure.message).toContain('context')
    expect(sent).toHaveLength(1)
  },
)

withEngine('an unknown model is OpenAI’s NotFoundError, which lists what there is, asked once', async () => {
  const daemon = await startChat()
  const { client, sent } = countingClient(daemon)
  const failure = await failureOf(client.chat.completions.create({ model: 'gpt-9', messages }))
  expect(failure).toBeInstanceOf(NotFoundError)
  expect(failure).toMatchObject({ status: 404, code: 'model.not_found', param: 'model', type: 'not_found_error' })
  expect(failure.message).toContain('primary')
  expect(sent).toHaveLength(1)
})

withEngine(
  'a slot that is not loaded is an InternalServerError with its code, and the client does not retry',
  async () => {
    const daemon = await startChat()
    const { client, sent } = countingClient(daemon)
    const failure = await failureOf(client.chat.completions.create({ model: 'primary', messages }))
    expect(failure).toBeInstanceOf(InternalServerError)
    expect(failure).toMatchObject({ status: 503, code: 'slot.not_loaded' })
    expect(failure.message).toContain('hal0 slot load primary')
    expect(failure.headers?.get('x-should-retry')).toBe('false')
    expect(sent).toHaveLength(1)
  },
)

withEngine('50 clients that hit one cold on-demand slot start one process and get 50 answers', async () => {
  const daemon = await startChat({ load: 'on-demand' })
  const client = clientOf(daemon)
  const before = performance.now()
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      client.chat.completions.create({ model: 'primary', messages, max_tokens: 2 }, { maxRetries: 0 }),
    ),
  )
  console.log(`50 cold clients answered in ${Math.round(performance.now() - before)} ms`)
  expect(answers.map(({ object }) => object)).toEqual(Array.from({ length: 50 }, () => 'chat.completion'))
  const { seq, pid } = await daemon.state()
  // offline 0 → starting 1 → warming 2 → ready 3 → serving 4 (→ ready 5): a second start would show.
  expect(seq).toBeLessThanOrEqual(5)
  expect(daemon.backends()).toEqual([pid ?? 0])
})

withEngine(
  'a real backend that is killed in the middle of a stream makes the stream of OpenAI’s client throw',
  async () => {
    const daemon = await startChat({ context_size: 4096, parallel: 1 })
    const pid = await daemon.load()
    const watch = await SlotWatch.open(daemon)
    const stream = await clientOf(daemon).chat.completions.create({
      model: 'primary',
      messages,
      max_tokens: 4000,
      stream: true,
      ...({ ignore_eos: true } as object),
    })
    let chunks = 0
    const reading = async () => {
      for await (const _chunk of stream) {
        chunks += 1
        if (chunks === 3) killNow(pid)
      }
    }
    await expect(reading()).rejects.toThrow()
    expect(chunks).toBeGreaterThanOrEqual(3)
    expect((await watch.untilState('error')).record.error?.code).toBe('slot.crashed')
  },
)

test('a full queue is OpenAI’s RateLimitError; with retries its client waits as told and is served', async () => {
  const { daemon, program } = await startStandIn({ tokens: 20, token_ms: 20 }, { max_in_flight: 1, queue_length: 0 })
  await daemon.load()
  const before = standInEventsOf(program, 'request').length
  const first = daemon.chat({ max_tokens: 20 })
  await until('the first is at the backend', () => standInEventsOf(program, 'request').length > before)
  const { client, sent } = countingClient(daemon)
  const request = { model: 'primary', messages }
  const failure = await failureOf(client.chat.completions.create(request, { maxRetries: 0 }))
  expect(failure).toBeInstanceOf(RateLimitError)
  expect(failure).toMatchObject({ status: 429, code: 'slot.queue_full', type: 'rate_limit_error' })
  expect(sent).toHaveLength(1)
  expect((await client.chat.completions.create(request)).object).toBe('chat.completion')
  expect(sent).toHaveLength(3)
  expect((await first).status).toBe(200)
})
