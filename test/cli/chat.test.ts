import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { EventFeed, FakeApi } from './support/fake-api.ts'
import { hal0, Running } from './support/run-cli.ts'
import { model, record, slot } from './support/samples.ts'

const chunk = (delta: object, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
const done = 'data: [DONE]\n\n'
const stream = (body: string | ReadableStream<Uint8Array>): Response =>
  new Response(body, { headers: { 'content-type': 'text/event-stream' } })

let complete: (request: Request) => Response | Promise<Response>
const asked: { model: string; stream: boolean; messages: { role: string; content: string }[] }[] = []
const feed = new EventFeed()
let loading: () => Promise<void> | void
const api = new FakeApi(
  {
    listSlots: () => [
      slot('cold', 'offline', { config: { load: 'on-demand', model: 'cool' } }),
      slot('primary', 'ready'),
      slot('lazy', 'offline', { config: { model: 'manual' } }),
      slot('fetching', 'pulling', { config: { model: 'big' } }),
      slot('search', 'ready', { config: { model: 'vectors' }, state: { model: 'vectors' } }),
      slot('bare', 'offline', { config: { model: null }, state: { model: null } }),
      slot('broken', 'error', { state: { error: new Hal0Error('slot.crashed', 'The backend died.').body() } }),
    ],
    listModels: () => [model('tiny'), model('vectors', { kind: 'embedding' })],
    loadSlot: async ({ params }) => {
      await loading()
      return slot(params.name ?? '', 'ready')
    },
  },
  {
    'GET /api/slots/events': feed.respond,
    'POST /v1/chat/completions': async (request) => {
      asked.push((await request.json()) as (typeof asked)[number])
      return complete(request)
    },
  },
)
const { url } = api
afterAll(() => api[Symbol.dispose]())
beforeEach(() => {
  asked.length = 0
  api.calls.length = 0
  loading = () => {}
  complete = () =>
    stream(
      chunk({ role: 'assistant', content: null }) + chunk({ content: 'Hel' }) + chunk({ content: 'lo' }, 'stop') + done,
    )
})

test('through a pipe all of stdin is one prompt, and the answer is the output', async () => {
  expect(await hal0(['chat', 'primary'], { url, stdin: 'first\nsecond\n' })).toEqual({
    code: 0,
    stdout: 'Hello\n',
    stderr: '',
  })
  expect(asked).toEqual([{ model: 'primary', stream: true, messages: [{ role: 'user', content: 'first\nsecond' }] }])
})

test('without a slot the ready one answers', async () => {
  await hal0(['chat'], { url, stdin: 'hi' })
  expect(asked[0]?.model).toBe('primary')
})

test('--json has the answer and the thinking, which is otherwise left out of a pipe', async () => {
  complete = () => stream(chunk({ reasoning_content: 'hm' }) + chunk({ content: 'Yes.' }, 'stop') + done)
  expect((await hal0(['chat', 'primary'], { url, stdin: 'hi' })).stdout).toBe('Yes.\n')
  const { stdout } = await hal0(['chat', 'primary', '--json'], { url, stdin: 'hi' })
  expect(JSON.parse(stdout)).toEqual({ slot: 'primary', content: 'Yes.', thinking: 'hm' })
})

test('an empty pipe is wrong usage', async () => {
  expect((await hal0(['chat', 'primary'], { url, stdin: ' \n' })).code).toBe(2)
})

test('a prompt on the command line is answered; what comes through a pipe goes below it', async () => {
  await hal0(['chat', 'primary', 'Make this shorter.'], { url, stdin: 'A long letter.\n' })
  await hal0(['chat', 'primary', 'Why?'], { url })
  expect(asked.map(({ messages }) => messages.at(-1)?.content)).toEqual([
    'Make this shorter.\n\nA long letter.',
    'Why?',
  ])
})

test('--system goes before the prompt', async () => {
  await hal0(['chat', 'primary', 'Why?', '--system', 'Answer in one word.'], { url })
  expect(asked[0]?.messages).toEqual([
    { role: 'system', content: 'Answer in one word.' },
    { role: 'user', content: 'Why?' },
  ])
})

test('a slot is also called by its model', async () => {
  await hal0(['chat', 'tiny', 'Why?'], { url })
  expect(asked[0]?.model).toBe('primary')
})

describe('a slot that cannot answer is not asked', () => {
  const cases: [string, string, string][] = [
    ['search', 'search makes embeddings; it cannot chat.', 'hal0 run cold'],
    ['bare', 'bare has no model.', 'hal0 slot swap bare --model MODEL'],
    ['broken', 'broken has failed: The backend died.', 'hal0 slot logs broken'],
    ['lazy', 'lazy is offline, and it is loaded only by a command (load is manual).', 'hal0 run lazy'],
  ]
  for (const [name, sentence, hint] of cases) {
    test(`${name}: it is said why, and which command helps`, async () => {
      const { code, stdout, stderr } = await hal0(['chat', name, 'Why?'], { url })
      expect([code, stdout, asked]).toEqual([1, '', []])
      expect(stderr).toContain(`Error: ${sentence}\n`)
      expect(stderr).toEndWith(`Try: ${hint}\n`)
    })
  }
})

test('a slot that is still being pulled is waited for, and its progress is shown', async () => {
  const pulled = Promise.withResolvers<void>()
  const waiting = Promise.withResolvers<void>()
  loading = () => {
    waiting.resolve()
    return pulled.promise
  }
  using running = new Running(['chat', 'fetching', 'Why?'], { url })
  await waiting.promise
  const figures = { bytes_total: 2e9, bytes_received: 1e9, throughput_bps: 1e7, elapsed_s: 9, eta_s: 100 }
  const pull = { ...figures, file: 'big.gguf', phase: 'downloading' }
  feed.send('progress', { name: 'fetching', state: 'pulling', elapsed_s: 9, expected_s: null, pull })
  await running.said('fetching: pulling — ')
  pulled.resolve()
  expect((await running.outcome).stdout).toBe('Hello\n')
})

test('Ctrl-C while a slot loads says that it goes on and how to cancel it, and ends with 130', async () => {
  const waiting = Promise.withResolvers<void>()
  loading = () => {
    waiting.resolve()
    return new Promise(() => {})
  }
  using running = new Running(['chat', 'cold', 'Why?'], { url })
  await waiting.promise
  running.interrupt()
  const { code, stdout, stderr } = await running.outcome
  expect([code, stdout]).toEqual([130, ''])
  expect(stderr).toContain('cold keeps loading in the daemon. Follow it with: hal0 slot watch cold\n')
  expect(stderr).toContain('Cancel it with: hal0 slot cancel cold\n')
})

test('an unknown slot ends with 4', async () => {
  expect((await hal0(['chat', 'other'], { url, stdin: 'hi' })).code).toBe(4)
})

test('a cold slot shows its progress until the answer begins', async () => {
  const loaded = Promise.withResolvers<void>()
  const waiting = Promise.withResolvers<void>()
  complete = async () => {
    waiting.resolve()
    await loaded.promise
    return stream(chunk({ content: 'Here.' }, 'stop') + done)
  }
  using running = new Running(['chat', 'primary'], { url, stdin: 'hi' })
  await waiting.promise
  feed.send('slot', record('primary', 'starting'), 1)
  feed.send('progress', { name: 'primary', state: 'warming', elapsed_s: 12, expected_s: 30, pull: null })
  await running.said('loading… warming — 12 s of about 30 s\n')
  loaded.resolve()
  expect((await running.outcome).stdout).toBe('Here.\n')
})

describe('a missing or incomplete answer ends with 1', () => {
  const cases: [string, () => Response, string, string][] = [
    [
      'a refusal of hal0',
      () => Response.json(new Hal0Error('slot.not_loaded', 'primary is offline.').envelope(), { status: 503 }),
      '',
      'Try: hal0 slot load primary',
    ],
    [
      'a refusal of the backend',
      () =>
        Response.json(
          { error: { code: 400, message: 'too long', type: 'exceed_context_size_error' } },
          { status: 400 },
        ),
      '',
      'The backend refused the request (HTTP 400): too long',
    ],
    ['a stream that just ends', () => stream(chunk({ content: 'Hel' })), 'Hel\n', 'The answer broke off'],
    [
      'an error in the stream',
      () => stream(`${chunk({ content: 'Hel' })}data: {"error":{"message":"out of memory"}}\n\n`),
      'Hel\n',
      'The answer broke off: out of memory',
    ],
    ['a piece that is not JSON', () => stream('data: {{{\n\n'), '', 'not JSON'],
    ['a piece of another kind', () => stream('data: {"choices":"none"}\n\n'), '', 'not part of an answer'],
  ]
  for (const [what, answer, stdout, words] of cases) {
    test(what, async () => {
      complete = answer
      const outcome = await hal0(['chat', 'primary'], { url, stdin: 'hi' })
      expect(outcome).toMatchObject({ code: 1, stdout })
      expect(outcome.stderr).toContain(words)
    })
  }

  test('a connection that breaks', async () => {
    const piece = chunk({ content: 'Hel' })
    const whole = (body: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    const answering = Promise.withResolvers<Bun.Socket>()
    const torn = Bun.listen({
      port: 0,
      hostname: '127.0.0.1',
      socket: {
        data(socket, data) {
          const head = data.toString()
          if (head.startsWith('GET /api/slots HTTP')) socket.write(whole(JSON.stringify([slot('primary', 'ready')])))
          else if (head.startsWith('GET /api/models HTTP')) socket.write(whole('[]'))
          else if (head.startsWith('GET')) socket.end(whole('{}'))
          else {
            // A chunked body without its last chunk.
            const length = piece.length.toString(16)
            socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${length}\r\n${piece}\r\n`)
            answering.resolve(socket)
          }
        },
      },
    })
    using running = new Running(['chat', 'primary'], { url: `http://127.0.0.1:${torn.port}`, stdin: 'hi' })
    const socket = await answering.promise
    await running.printed('Hel')
    socket.end()
    const outcome = await running.outcome
    torn.stop(true)
    expect(outcome).toMatchObject({ code: 1, stdout: 'Hel\n' })
    expect(outcome.stderr).toContain('The answer broke off')
  })
})

test('Ctrl-C stops the answer, hangs up, and ends with 130', async () => {
  const hungUp = Promise.withResolvers<void>()
  complete = () =>
    stream(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode(chunk({ content: 'endless' }))),
        cancel: () => hungUp.resolve(),
      }),
    )
  using running = new Running(['chat', 'primary'], { url, stdin: 'hi' })
  await running.printed('endless')
  running.interrupt()
  expect(await running.outcome).toMatchObject({ code: 130, stdout: 'endless\n' })
  await hungUp.promise
})
