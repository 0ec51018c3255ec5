/** A proxy of the environment: it gets what goes to the hub, and nothing that goes to this machine. */
import { expect, onTestFinished, test } from 'bun:test'
import { join } from 'node:path'
import { Daemon, runHal0 } from '../../support/daemon.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'

/** A proxy that refuses everything and remembers the first line of each request. */
const recordingProxy = (): { url: string; seen: string[] } => {
  const seen: string[] = []
  const proxy = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket, bytes) {
        seen.push(bytes.toString().split('\r\n')[0] ?? '')
        socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n')
      },
    },
  })
  onTestFinished(() => proxy.stop(true))
  return { url: `http://127.0.0.1:${proxy.port}`, seen }
}

test.each([
  ['http_proxy', 'no_proxy'],
  ['HTTP_PROXY', 'NO_PROXY'],
  ['all_proxy', 'no_proxy'],
  ['ALL_PROXY', 'NO_PROXY'],
  ['http_proxy', 'NO_PROXY'],
])('with %s and %s, neither probes nor requests nor the command line go through it', async (name, except) => {
  const proxy = recordingProxy()
  const env = { [name]: proxy.url, [except]: 'example.com' }
  const daemon = await Daemon.start({ env })
  await daemon.addSlot(await tinyModel(), { name: 'primary', engine: makeStandIn(join(daemon.root, 'engine')) })
  await daemon.load()
  expect((await daemon.chat()).status).toBe(200)
  const cli = await runHal0(['status', '--json'], { env: daemon.env })
  expect(cli).toMatchObject({ code: 0 })
  expect(proxy.seen).toEqual([])
})

test.each(['http_proxy', 'HTTP_PROXY'])(
  'with %s the hub is asked through it, unless the hub is excluded',
  async (name) => {
    const proxy = recordingProxy()
    const hub = { HF_ENDPOINT: 'http://hub.invalid', [name]: proxy.url }
    const asked = await Daemon.start({ env: { ...hub, NO_PROXY: '' } })
    await asked.call('GET', '/api/hub/models?q=tiny')
    expect(proxy.seen.join()).toContain('http://hub.invalid/')
    const before = proxy.seen.length
    const direct = await Daemon.start({ env: { ...hub, no_proxy: '.invalid' } })
    await direct.call('GET', '/api/hub/models?q=tiny')
    expect(proxy.seen.length).toBe(before)
  },
)
