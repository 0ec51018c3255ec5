/** The compiled binary and the real llama.cpp: a stream that is read again after its client has left. */
import { expect, setDefaultTimeout } from 'bun:test'
import { Daemon, errorOf } from '../../support/daemon.ts'
import { testWith } from '../../support/part.ts'
import { realEngine } from '../../support/real-engine.ts'
import { SlotWatch } from '../../support/slot-watch.ts'
import { tinyModel } from '../../support/tiny-model.ts'

setDefaultTimeout(60_000)

const withEngine = testWith('python3 on PATH', Bun.which('python3') !== null)

const start = async (): Promise<Daemon> => {
  const daemon = await Daemon.start()
  const settings = { name: 'primary', model: 'tiny-chat', engine: await realEngine(), context_size: 8192, parallel: 1 }
  await daemon.addSlot(await tinyModel('chat'), settings)
  await daemon.load()
  return daemon
}

const askStream = (daemon: Daemon, id: string, tokens: number, signal?: AbortSignal): Promise<Response> =>
  fetch(`${daemon.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-conversation-id': id },
    body: JSON.stringify({
      model: 'primary',
      messages: [{ role: 'user', content: 'Hello' }],
      max_tokens: tokens,
      stream: true,
      ignore_eos: true,
      seed: 1,
    }),
    ...(signal === undefined ? {} : { signal }),
  })

withEngine('a chat with an X-Conversation-Id is read again by its id: whole, and from a byte on', async () => {
  const daemon = await start()
  const whole = await (await askStream(daemon, 'a/b 1', 20)).text()
  expect(whole).toEndWith('data: [DONE]\n\n')
  const again = (query: string) => fetch(`${daemon.url}/v1/stream/a%2Fb%201${query}`)
  expect(await (await again('')).text()).toBe(whole)
  expect(await (await again('?from=100')).text()).toBe(whole.slice(100))
  expect(await (await fetch(`${daemon.url}/v1/stream?conv_id=a%2Fb%201`)).text()).toBe(whole)
})

withEngine('a client that leaves finds the rest of its answer, which the backend went on with', async () => {
  const daemon = await start()
  const watch = await SlotWatch.open(daemon)
  const leaving = new AbortController()
  const answer = await askStream(daemon, 'gone', 60, leaving.signal)
  await answer.body?.getReader().read()
  leaving.abort()
  const rest = await (await fetch(`${daemon.url}/v1/stream/gone`)).text()
  expect(rest).toEndWith('data: [DONE]\n\n')
  expect(rest.split('\n\n').length).toBeGreaterThan(60)
  // The place was taken all the time, and is free now.
  await watch.untilState('ready')
})

withEngine('a stream is ended by DELETE, and forgotten with its backend', async () => {
  const daemon = await start()
  const watch = await SlotWatch.open(daemon)
  const leaving = new AbortController()
  const answer = await askStream(daemon, 'long', 8000, leaving.signal)
  await answer.body?.getReader().read()
  leaving.abort()
  const end = () => fetch(`${daemon.url}/v1/stream/long`, { method: 'DELETE' })
  expect((await end()).status).toBe(204)
  await watch.untilState('ready')
  await (await askStream(daemon, 'short', 4)).text()
  expect((await daemon.command('primary', 'restart')).status).toBe(200)
  const lost = await daemon.call('GET', '/v1/stream/short')
  expect(errorOf(lost)).toMatchObject({ code: 'stream.not_found' })
})
