/** Bun closes connections that are silent for 30 s; requests that are at work must outlive that. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { startServer } from './server.ts'

setDefaultTimeout(60_000)
const silentMs = 40_000

test('an inference request outlives the idle timeout once its connection is kept open', async () => {
  const server = await startServer({
    dispatch: async (_request, _path, keepOpen) => {
      // The relay notices a slow backend after a second.
      await Bun.sleep(1000)
      keepOpen()
      await Bun.sleep(silentMs)
      return new Response('late')
    },
  })
  const answer = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  expect(await answer.text()).toBe('late')
  await server.stop()
})
