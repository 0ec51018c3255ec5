/** What a backend can do besides inference, by the compiled binary and the real llama.cpp. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { exchange, statusOf } from '../../http/support/raw.ts'
import { Daemon, errorOf, runHal0 } from '../../support/daemon.ts'
import { testWith } from '../../support/part.ts'
import { realEngine } from '../../support/real-engine.ts'
import { tinyModel } from '../../support/tiny-model.ts'

setDefaultTimeout(60_000)

const withEngine = testWith('python3 on PATH', Bun.which('python3') !== null)

withEngine(
  'an admin reaches the extras of a backend, by the slot that is named, with the key that only hal0 knows',
  async () => {
    const daemon = await Daemon.start()
    await daemon.addSlot(await tinyModel(), { name: 'primary', engine: await realEngine() })
    const upstream = '/api/slots/primary/upstream'
    expect(errorOf(await daemon.call('GET', `${upstream}/props`)).code).toBe('slot.not_loaded')
    await daemon.load()

    expect(await daemon.must<unknown>('GET', `${upstream}/props`)).toMatchObject({ total_slots: expect.any(Number) })
    const { tokens } = await daemon.must<{ tokens: number[] }>('POST', `${upstream}/tokenize`, { content: 'Hello' })
    expect(tokens.length).toBeGreaterThan(0)
    const slots = await daemon.must<unknown[]>('GET', `${upstream}/slots?fail_on_no_slot=0`)
    expect(slots.length).toBeGreaterThan(0)
    expect((await daemon.call('GET', `${upstream}/no/such/path`)).status).toBe(404)
    expect((await fetch(`${daemon.url}${upstream}/health`, { method: 'HEAD' })).status).toBe(200)
    expect(errorOf(await daemon.call('GET', '/api/slots/nobody/upstream/props')).code).toBe('slot.not_found')

    const [last] = await daemon.must<{ path: string; slot: string; reason: string }[]>('GET', '/api/logs/decisions')
    expect(last?.path).toBe('/api/slots/{name}/upstream')
  },
)

test('a key that may only infer does not reach them, nor does anybody by a path with dots', async () => {
  const daemon = await Daemon.start({ toml: 'auth = "keys"' })
  const made = await runHal0(['key', 'create', 'phone', '--json'], { env: { HAL0_ROOT: daemon.root } })
  const { key } = JSON.parse(made.stdout) as { key: string }
  const headers = { authorization: `Bearer ${key}` }
  const refused = await daemon.call('POST', '/api/slots/primary/upstream/tokenize', {}, { headers })
  expect([refused.status, errorOf(refused).code]).toEqual([403, 'auth.forbidden'])
  for (const path of ['/v1/../api/slots/primary/upstream/props', '/api/slots/../slots/primary/upstream/props']) {
    const raw = await exchange(daemon.port, `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
    expect([path, [401, 404].includes(statusOf(raw) ?? 0)]).toEqual([path, true])
  }
})
