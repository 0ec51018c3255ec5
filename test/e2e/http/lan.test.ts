/** Listening for other machines, by the compiled binary. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { hostname, networkInterfaces } from 'node:os'
import { Daemon } from '../../support/daemon.ts'

setDefaultTimeout(60_000)

/** An address of this machine in a network; undefined where it has none. */
const address = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address

const ask = (port: number, host: string, headers: Record<string, string> = {}) =>
  fetch(`http://${address ?? '127.0.0.1'}:${port}/v1/models`, { headers: { host: `${host}:${port}`, ...headers } })

test('a daemon that listens for other machines prints the first key once, and answers by its own names to whoever has it', async () => {
  const daemon = await Daemon.prepare({ toml: 'host = "0.0.0.0"' })
  await daemon.launch()
  const [key, ...more] = daemon.stdout.match(/hal0_[\w-]{43}/g) ?? []
  expect(more).toEqual([])
  expect(await daemon.must('GET', '/api/keys')).toMatchObject([{ name: 'admin', scope: 'admin' }])
  const bearer = { authorization: `Bearer ${key}` }
  for (const host of [hostname(), `${hostname().split('.')[0]}.local`, address ?? '127.0.0.1']) {
    expect([host, (await ask(daemon.port, host, bearer)).status]).toEqual([host, 200])
  }
  expect((await ask(daemon.port, 'evil.example', bearer)).status).toBe(421)
  expect((await ask(daemon.port, hostname())).status).toBe(401)
  await daemon.restart()
  expect(daemon.stdout).not.toContain('hal0_')
})

test('an address of the internet is refused with the ways to mend it, and makes no key', async () => {
  const daemon = await Daemon.prepare({ toml: 'host = "203.0.113.5"' })
  expect(daemon.launch()).rejects.toThrow(/203\.0\.113\.5 is an address of the internet[\s\S]*--behind-proxy/)
})
