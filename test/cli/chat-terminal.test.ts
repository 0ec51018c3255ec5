/** An answer as a person sees it in a terminal, and as a pipe gets it. */
import { expect, setDefaultTimeout } from 'bun:test'
import { testWith } from '../support/part.ts'
import { EventFeed, FakeApi } from './support/fake-api.ts'
import { hal0 } from './support/run-cli.ts'
import { slot } from './support/samples.ts'
import { noTerminal, Terminal } from './support/terminal.ts'

setDefaultTimeout(30_000)

const test = testWith('tmux', noTerminal === null)

const answer = [
  'The sky is bl',
  'ue because air scat',
  'ters short waves.\n```sh\necho one two three four five six\n```\nSo it',
  ' is.',
]
const events = [
  { reasoning_content: 'They want to know a thing about the sky.' },
  ...answer.map((content) => ({ content })),
].map((delta) => `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`)
const end = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`

const apiThatAnswers = () =>
  new FakeApi(
    { listSlots: () => [slot('primary', 'ready')], listModels: () => [] },
    {
      'GET /api/slots/events': new EventFeed().respond,
      'POST /v1/chat/completions': () =>
        new Response(events.join('') + end, { headers: { 'content-type': 'text/event-stream' } }),
    },
  )

test('in a terminal an answer is broken between words, and its code is not', async () => {
  using api = apiThatAnswers()
  const env = { HAL0_URL: api.url, NO_COLOR: '1' }
  using terminal = new Terminal(['chat', 'primary', 'Why?'], env, { columns: 36 })
  const screen = await terminal.shows(/exit 0/)
  expect(screen).toBe(
    [
      'They want to know a thing about the',
      'sky.',
      '',
      'The sky is blue because air scatters',
      'short waves.',
      '```sh',
      'echo one two three four five six',
      '```',
      'So it is.',
      'exit 0',
    ].join('\n'),
  )
})

test('a pipe gets the answer as it is', async () => {
  using api = apiThatAnswers()
  expect((await hal0(['chat', 'primary', 'Why?'], { url: api.url })).stdout).toBe(`${answer.join('')}\n`)
})
