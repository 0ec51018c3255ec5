/** A backend that hangs, with the real program: a stand-in that is stopped (SIGSTOP) in the middle of its answers. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import type { Decision } from '../../../src/contract/logs/decision.ts'
import type { Why } from '../../../src/contract/logs/why.ts'
import { errorOf, runHal0 } from '../../support/daemon.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(120_000)

test('a backend that hangs is slot.stalled for its requests and is ended, and its slot can be loaded again', async () => {
  const slow = { tokens: 1000, token_ms: 20 }
  const { daemon, watch } = await startStandIn(slow, { stall_timeout_s: 1 })
  const backend = await daemon.load()
  const ask = (id: string, stream: boolean) =>
    fetch(`${daemon.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': id },
      body: JSON.stringify({ model: 'primary', messages: [], stream }),
    })
  const whole = daemon.chat({ max_tokens: 1000 }, { headers: { 'x-request-id': 'whole' } })
  const streamed = await ask('streamed', true)
  const reader = streamed.body?.getReader()
  expect((await reader?.read())?.done).toBe(false)
  process.kill(backend, 'SIGSTOP')

  // 1 s of silence, and 10 s for the health probe.
  const answer = await whole
  expect([answer.status, errorOf(answer).code]).toEqual([503, 'slot.stalled'])
  expect(errorOf(answer).message).toContain('sent nothing for 1 s, and its health probe stayed unanswered for 10 s')
  let text = ''
  const broken = (async () => {
    for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read()) {
      text += new TextDecoder().decode(piece.value)
    }
  })()
  await expect(broken).rejects.toThrow()
  const last = text.trim().split('\n\n').at(-1) ?? ''
  expect(JSON.parse(last.slice('data: '.length))).toMatchObject({ error: { code: 'slot.stalled' } })

  expect((await watch.untilState('error')).record).toMatchObject({ error: { code: 'slot.stalled' } })
  const { stdout: list } = await runHal0(['slot', 'list'], { env: daemon.env })
  expect(list).toMatch(/^primary +error .* slot\.stalled$/m)
  const { sentences } = await daemon.must<Why>('GET', '/api/why?slot=primary')
  expect(sentences.join('\n')).toContain('(slot.stalled): The backend of slot primary hung')
  const again = await daemon.load()
  expect(again).not.toBe(backend)
  await watch.untilState('ready', { from: watch.states().indexOf('error') })
  expect(watch.states().slice(-6)).toEqual(['serving', 'error', 'offline', 'starting', 'warming', 'ready'])
  expect(daemon.backends()).toEqual([again])

  const logged = async () => daemon.must<Decision[]>('GET', '/api/logs/decisions')
  const ending = async (id: string) => {
    const found = (await logged()).find(({ request_id }) => request_id === id)
    return [found?.outcome, found?.code, found?.status]
  }
  expect(await ending('streamed')).toEqual(['broken', 'slot.stalled', 200])
  expect(await ending('whole')).toEqual(['error', 'slot.stalled', 503])
  const why = await daemon.must<Why>('GET', '/api/why?request=whole')
  expect(why.sentences.join('\n')).toContain(
    'hal0 slot edit primary --set restart=on-failure; or allow longer silences:',
  )
  const metrics = await (await fetch(`${daemon.url}/metrics`)).text()
  expect(metrics).toContain(
    'hal0_requests_total{slot="primary",endpoint="/v1/chat/completions",status="503",code="slot.stalled"} 1',
  )
  expect(metrics).toContain('hal0_slot_transitions_total{slot="primary",state="error"} 1')
})
