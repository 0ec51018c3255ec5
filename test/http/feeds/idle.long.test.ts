/** Connections without a request are closed after 30 s; requests that are at work must outlive that. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { startServer } from '../support/server.ts'

setDefaultTimeout(60_000)
const silentMs = 40_000

test('an inference request outlives the time after which idle connections are closed', async () => {
  const server = await startServer({
    dispatch: async (_call, answer) => {
      await Bun.sleep(silentMs)
      answer.send(200, '', Buffer.from('late'))
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
