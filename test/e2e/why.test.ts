/** Explanations and metrics of the whole program, over restarts of the daemon. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import type { Why } from '../../src/contract/logs/why.ts'
import { type Daemon, runHal0 } from '../support/daemon.ts'
import { startStandIn } from './stand-in-slot.ts'

setDefaultTimeout(60_000)

const why = async (daemon: Daemon, query = ''): Promise<string> =>
  (await daemon.must<Why>('GET', `/api/why${query}`)).sentences.join('\n')

test('a request that caused a load is explained by its id, also by a later daemon', async () => {
  const { daemon } = await startStandIn({ load_ms: 300 }, { load: 'on-demand' })
  const answer = await daemon.chat({}, { headers: { 'x-request-id': 'first-one' } })
  expect(answer.headers.get('x-request-id')).toBe('first-one')
  const sentences = [
    /^Request first-one of 127\.0\.0\.1 came at \S+ UTC: \/v1\/chat\/completions for "primary"\. It went to slot primary: /,
    /It waited [\d.]+ s for the slot to load\.\nRequest first-one of 127\.0\.0\.1 needed it loaded at /,
    /Starting its process took [\d.]+ s\.\nLoading \S+ into memory took [\d.]+ s\.\n/,
    /The answer was complete after [\d.]+ s\./,
  ]
  const told = await why(daemon, '?request=first-one')
  for (const sentence of sentences) expect(told).toMatch(sentence)
  expect(await why(daemon, '?slot=primary')).toMatch(
    /^Slot primary is \w+, loaded (since|a moment ago).*\nRequest first-one of 127\.0\.0\.1 needed/,
  )
  await daemon.kill('SIGTERM')
  await daemon.launch()
  expect(await why(daemon, '?request=first-one')).toBe(told)
  // Without an argument it is about the last request, if no slot is in error.
  expect(await why(daemon)).toBe(told)
  const shown = await runHal0(['why', 'first-one'], { env: { HAL0_URL: daemon.url } })
  expect(shown.stdout.trim()).toBe(told)
})

test('a crash is explained with what the backend printed last, and who loaded the slot', async () => {
  const { daemon, watch } = await startStandIn({ exit: { after_ms: 0, code: 3, print: ['no such tensor'] } })
  const given = { headers: { 'x-request-id': 'load-it' } }
  expect((await daemon.call('POST', '/api/slots/primary/load', {}, given)).headers.get('x-request-id')).toBe('load-it')
  await watch.untilState('error')
  const told = await why(daemon)
  expect(told).toMatch(/^Slot primary is in error since \S+ UTC \(slot\.crashed\): /)
  expect(told).toContain('127.0.0.1 (request load-it) asked to load it at ')
  expect(told).toContain('Its backend said last: no such tensor')
  expect(told).toContain('hal0 slot logs primary')
  const { status } = await daemon.call('GET', '/api/why?request=never-came')
  expect(status).toBe(404)
})

test('metrics are those of the slot, and go with it', async () => {
  const { daemon } = await startStandIn()
  await daemon.load()
  await daemon.chat()
  const text = async (): Promise<string> => (await fetch(`${daemon.url}/metrics`)).text()
  expect((await fetch(`${daemon.url}/metrics`)).headers.get('content-type')).toBe(
    'text/plain; version=0.0.4; charset=utf-8',
  )
  const path = 'endpoint="/v1/chat/completions"'
  const counted = `hal0_requests_total{slot="primary",${path},status="200",code=""} 1\n`
  // The decision is made a moment after the client has its answer.
  while (!(await text()).includes(counted)) await Bun.sleep(10)
  expect(await text()).toContain('hal0_slot_load_duration_seconds_count{slot="primary"} 1\n')
  expect(Number(/^process_resident_memory_bytes (\d+)$/m.exec(await text())?.[1])).toBeGreaterThan(10e6)
  await daemon.command('primary', 'unload')
  await daemon.must('DELETE', '/api/slots/primary')
  expect(await text()).not.toContain('primary')
})
