/**
 * hal0 is not there: the clients of OpenAI and Anthropic get from it what they get from the bare engine, but for the differences that
 * docs/conformance.md lists. The bare engine is the very program that hal0 started, asked at its own port.
 */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { APIError } from 'openai'
import { Daemon } from '../support/daemon.ts'
import { testWith } from '../support/part.ts'
import { SlotWatch } from '../support/slot-watch.ts'
import { chatCalls, embeddingCalls } from './calls.ts'
import { type Clients, clientsOf } from './clients.ts'
import { differencesOf } from './differences.ts'
import { comparable, steady } from './normal.ts'
import { addBare, model } from './place.ts'

setDefaultTimeout(280_000)

const withEngine = testWith('python3 on PATH', Bun.which('python3') !== null)
interface Place {
  daemon: Daemon
  /** Address of the bare engine. */
  bare: string
}

const start = async (mode: 'chat' | 'embedding'): Promise<Place> => {
  const daemon = await Daemon.start()
  return { daemon, bare: await addBare(daemon, 'primary', mode) }
}

/** What the client made of a call: its result, or its error. */
const outcomeOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    return { result: steady(JSON.parse(JSON.stringify(await call))) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const { status, type } = error as Partial<APIError>
    return { error: error.constructor.name, status, type, message: error.message }
  }
}

const ask = async (origin: string, call: (clients: Clients) => Promise<unknown>): Promise<unknown> => {
  const clients = clientsOf(origin)
  const outcome = await outcomeOf(call(clients))
  return { outcome, answers: (await clients.answers()).map(comparable) }
}

const expectTheSame = async ({ daemon, bare }: Place, calls: ReturnType<typeof chatCalls>): Promise<void> => {
  for (const [name, call] of Object.entries(calls)) {
    // The first one fills the engine's cache, which its figures of usage tell.
    await ask(bare, call)
    const direct = await ask(bare, call)
    const relayed = await ask(daemon.url, call)
    expect({ [name]: relayed }).toEqual({ [name]: direct })
  }
}

withEngine(
  'a chat model is asked in every way, and the answers are the bare engine’s, but for the known differences',
  async () => {
    const place = await start('chat')
    await expectTheSame(place, chatCalls(model))
    for (const { what, request, answers } of differencesOf(model)) {
      const answerOf = async (origin: string) => {
        const response = await fetch(`${origin}${request.path}`, { ...request.init, keepalive: false })
        return { what, status: response.status, body: await response.json().catch(() => ({})) }
      }
      expect(await answerOf(place.bare)).toMatchObject({ what, ...answers.bare })
      expect(await answerOf(place.daemon.url)).toMatchObject({ what, ...answers.hal0 })
    }
  },
)

withEngine('an embedding model gives the bare engine’s vectors, in base64 and as numbers', async () => {
  await expectTheSame(await start('embedding'), embeddingCalls(model))
})

withEngine('a client that cancels frees its place, and 50 at once are all answered', async () => {
  const { daemon } = await start('chat')
  const watch = await SlotWatch.open(daemon)
  const { openai, anthropic } = clientsOf(daemon.url)
  const messages = [{ role: 'user' as const, content: 'Count to a thousand.' }]
  const chat = await openai.chat.completions.create({ model, messages, max_tokens: 2000, stream: true })
  for await (const _chunk of chat) break
  const message = await anthropic.messages.create({ model, messages, max_tokens: 2000, stream: true })
  for await (const _event of message) break
  await watch.untilState('ready')
  const many = await Promise.all(
    Array.from({ length: 50 }, () => openai.chat.completions.create({ model, messages, max_tokens: 2 })),
  )
  expect(many.map(({ usage }) => usage?.completion_tokens)).toEqual(Array.from({ length: 50 }, () => 2))
})

test('docs/conformance.md has the table of the differences', () => {
  const page = readFileSync(join(import.meta.dir, '../../docs/conformance.md'), 'utf8')
  for (const { what, bare, hal0, reason } of differencesOf(model)) {
    expect(page).toContain(`| ${what} | ${bare} | ${hal0} | ${reason} |`)
  }
})
