import { beforeAll, describe, expect, test } from 'bun:test'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { EventFeed, FakeApi } from './support/fake-api.ts'
import { model, record, slot } from './support/samples.ts'
import { noTerminal, Terminal } from './support/terminal.ts'

if (noTerminal !== null && process.env.CI === 'true') throw new Error(`the terminal cannot be tested: ${noTerminal}`)
if (noTerminal !== null) console.log(`skipped: ${noTerminal}`)

const chunk = (content: string, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`
const eventStream = { headers: { 'content-type': 'text/event-stream' } }

describe.skipIf(noTerminal !== null)('on a terminal', () => {
  // Each test starts several processes in turn.
  const timeoutMs = 30_000
  let feed: EventFeed
  beforeAll(() => {
    feed = new EventFeed()
  })

  test(
    'a load is one line that rewrites itself and disappears at the end',
    async () => {
      const asked = Promise.withResolvers<void>()
      const done = Promise.withResolvers<void>()
      using api = new FakeApi(
        {
          loadSlot: async () => {
            asked.resolve()
            await done.promise
            return slot('primary', 'ready')
          },
        },
        { 'GET /api/slots/events': feed.respond },
      )
      using terminal = new Terminal(['slot', 'load', 'primary'], { HAL0_URL: api.url })
      await asked.promise
      feed.send('slot', record('primary', 'starting'), 1)
      await terminal.shows(/primary: starting/)
      feed.send('progress', { name: 'primary', state: 'warming', elapsed_s: 12, expected_s: 30, pull: null })
      const screen = await terminal.shows(/primary: warming — 12 s of about 30 s/)
      expect(screen).not.toContain('starting')
      done.resolve()
      const end = await terminal.shows(/exit 0/)
      expect(end).toContain('primary is \x1b[32mready\x1b[39m with tiny.')
      expect(end).not.toContain('warming')
    },
    timeoutMs,
  )

  test(
    'Ctrl-C leaves a load running and says so',
    async () => {
      const asked = Promise.withResolvers<void>()
      using api = new FakeApi(
        {
          loadSlot: () => {
            asked.resolve()
            return new Promise<never>(() => {})
          },
        },
        { 'GET /api/slots/events': feed.respond },
      )
      using terminal = new Terminal(['slot', 'load', 'primary'], { HAL0_URL: api.url })
      await asked.promise
      terminal.press('C-c')
      expect(await terminal.shows(/exit 130/)).toContain('hal0 slot cancel primary')
    },
    timeoutMs,
  )

  test(
    'a model id that is longer than the terminal is shown whole, in a list',
    async () => {
      const long = 'qwen2.5-coder-32b-instruct-q4_k_m-with-a-name-that-goes-on-and-on-for-longer-than-any-terminal'
      using api = new FakeApi({
        listSlots: () => [slot('primary', 'error', { config: { model: long }, state: { model: long } })],
      })
      using terminal = new Terminal(['slot', 'list'], { HAL0_URL: api.url })
      const screen = await terminal.shows(/exit 0/)
      expect(screen.replaceAll('\n', '')).toContain(long)
      expect(screen).not.toContain('…')
      expect(screen).toContain('\x1b[31merror')
    },
    timeoutMs,
  )

  for (const columns of [80, 50]) {
    test(
      `in ${columns} columns ids are whole, no line is too long, and no word is broken`,
      async () => {
        const id = 'qwen2.5-coder-0.5b-instruct-q4_k_m'
        const error = new Hal0Error('slot.out_of_memory', 'There was too little memory.').body()
        using api = new FakeApi({
          listSlots: () => [
            slot('primary', 'ready', { state: { model: id } }),
            slot('embeddings-of-my-documents', 'error', { state: { model: id, error } }),
          ],
        })
        using terminal = new Terminal(['ps'], { HAL0_URL: api.url, NO_COLOR: '1' }, { columns })
        const words = (await terminal.shows(/exit 0/)).split(/\s+/)
        for (const whole of [id, 'primary', 'embeddings-of-my-documents', 'error', 'slot.out_of_memory', '8081']) {
          expect(words).toContain(whole)
        }
      },
      timeoutMs,
    )
  }

  test(
    'NO_COLOR turns colours off',
    async () => {
      using api = new FakeApi({ listSlots: () => [slot('primary', 'error')] })
      using terminal = new Terminal(['slot', 'list'], { HAL0_URL: api.url, NO_COLOR: 'please' })
      expect(await terminal.shows(/exit 0/)).not.toContain('\x1b')
    },
    timeoutMs,
  )

  test(
    'removing a model asks once, with the size of its files; --force does not ask',
    async () => {
      using api = new FakeApi({ showModel: () => model('tiny'), deleteModel: () => undefined })
      using terminal = new Terminal(['model', 'rm', 'tiny'], { HAL0_URL: api.url })
      await terminal.shows(/Remove the model tiny with its files \(491 MB\)\? \[y\/N\]/)
      terminal.press('n', 'Enter')
      await terminal.shows(/Nothing was removed\.\nexit 1/)
      using second = new Terminal(['model', 'rm', 'tiny', '--force'], { HAL0_URL: api.url })
      expect(await second.shows(/tiny is removed\.\nexit 0/)).not.toContain('[y/N]')
    },
    timeoutMs,
  )

  test(
    'deleting asks first, and anything but yes is a no',
    async () => {
      using api = new FakeApi({ deleteSlot: () => undefined })
      using terminal = new Terminal(['slot', 'delete', 'primary'], { HAL0_URL: api.url })
      await terminal.shows(/\[y\/N\]/)
      terminal.press('Enter')
      await terminal.shows(/Nothing was removed\.\nexit 1/)
      expect(api.calls).toEqual([])
      using second = new Terminal(['slot', 'delete', 'primary'], { HAL0_URL: api.url })
      await second.shows(/\[y\/N\]/)
      second.press('y', 'Enter')
      await second.shows(/primary is removed\.\nexit 0/)
    },
    timeoutMs,
  )

  test(
    'a conversation keeps its history, survives a stopped and a failed answer, and ends with Ctrl-D',
    async () => {
      const asked: { role: string; content: string }[][] = []
      const hungUp = Promise.withResolvers<void>()
      const encoder = new TextEncoder()
      using api = new FakeApi(
        { listSlots: () => [slot('primary', 'ready')], listModels: () => [] },
        {
          'GET /api/slots/events': feed.respond,
          'POST /v1/chat/completions': async (request) => {
            const { messages } = (await request.json()) as { messages: (typeof asked)[number] }
            asked.push(messages)
            const prompt = messages.at(-1)?.content
            if (prompt === 'break') return new Response(chunk('half'), eventStream)
            if (prompt !== 'endless')
              return new Response(`${chunk(`answer to ${prompt}`, 'stop')}data: [DONE]\n\n`, eventStream)
            const endless = new ReadableStream<Uint8Array>({
              start: (controller) => controller.enqueue(encoder.encode(chunk('and so on '))),
              cancel: () => hungUp.resolve(),
            })
            return new Response(endless, eventStream)
          },
        },
      )
      using terminal = new Terminal(['chat', 'primary'], { HAL0_URL: api.url, NO_COLOR: '1' })
      const say = (text: string) => terminal.press('-l', text)
      await terminal.shows(/^> *$/m)
      say('one')
      terminal.press('Enter')
      await terminal.shows(/^answer to one\n>/m)
      say('endless')
      terminal.press('Enter')
      await terminal.shows(/and so on/)
      terminal.press('C-c')
      await hungUp.promise
      await terminal.shows(/\(stopped\)\n>/)
      say('break')
      terminal.press('Enter')
      await terminal.shows(/half\nError: The answer broke off.*\nTry: hal0 slot show primary\n>/)
      terminal.press('Up', 'Up', 'Up')
      await terminal.shows(/^> one$/m)
      terminal.press('C-c')
      await terminal.shows(/primary\n> *$/)
      say('two')
      terminal.press('Enter')
      await terminal.shows(/answer to two\n>/)
      expect(asked.at(-1)?.map(({ content }) => content)).toEqual([
        'one',
        'answer to one',
        'endless',
        'and so on ',
        'break',
        'half',
        'two',
      ])
      say('/reset')
      terminal.press('Enter')
      await terminal.shows(/forgotten\.\n>/)
      say('three')
      terminal.press('Enter')
      await terminal.shows(/answer to three\n>/)
      expect(asked.at(-1)).toEqual([{ role: 'user', content: 'three' }])
      terminal.press('C-d')
      await terminal.shows(/exit 0/)
    },
    timeoutMs,
  )

  test(
    'Ctrl-C at an empty prompt leaves',
    async () => {
      using api = new FakeApi({ listSlots: () => [slot('primary', 'ready')], listModels: () => [] })
      using terminal = new Terminal(['chat', 'primary'], { HAL0_URL: api.url, NO_COLOR: '1' })
      await terminal.shows(/^> *$/m)
      terminal.press('C-c')
      await terminal.shows(/exit 0/)
    },
    timeoutMs,
  )
})
