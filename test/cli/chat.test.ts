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
const api = new FakeApi(
  {
    listSlots: () => [slot('cold', 'offline', { config: { load: 'on-demand' } }), slot('primary', 'ready')],
    listModels: () => [model('tiny')],
    showSlot: ({ params }) => {
      if (params.name !== 'primary') throw new Hal0Error('slot.not_found', 'There is no such slot.')
      return slot('primary', 'ready')
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
          if (head.startsWith('GET /api/slots/primary')) socket.write(whole(JSON.stringify(slot('primary', 'ready'))))
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
