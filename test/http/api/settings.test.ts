/** `/api/settings` over HTTP, with a real hal0.toml and a real token file behind it. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { ErrorEnvelope } from '../../../src/contract/error.ts'
import type { Settings } from '../../../src/contract/settings.ts'
import { openHub } from '../../../src/models/hub/client/hub-setup.ts'
import { readServerSettings } from '../../../src/system/config/server-config.ts'
import { ServerSettingsFile } from '../../../src/system/config/settings.ts'
import { tryListen } from '../../../src/system/config/try-listen.ts'
import { configFile, findPaths, hubTokenFile } from '../../../src/system/paths.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { startServer, type TestServer } from '../support/server.ts'

const token = 'hf_onlyForTheHub'
const toml = '# mine\nport = 9000\n'

let server: TestServer
let file: string
let tokenFile: string
beforeEach(async () => {
  const paths = findPaths({ HAL0_ROOT: tempDir() }, true)
  file = configFile(paths)
  tokenFile = hubTokenFile(paths)
  mkdirSync(join(paths.config), { recursive: true })
  writeFileSync(file, toml)
  const hub = openHub({}, [], tokenFile)
  const settings = new ServerSettingsFile({
    providers: ['llama.cpp'],
    paths,
    options: {},
    endpoint: null,
    started: await readServerSettings(paths, {}),
    token: hub.token,
    trial: ({ host, port }) => tryListen(host, port === 9000 ? 0 : port),
    apply: ({ mirrors }) => hub.useMirrors(mirrors),
  })
  server = await startServer({ settings })
})
afterEach(() => server.stop())

const show = async (): Promise<Settings> => (await (await fetch(`${server.url}/api/settings`)).json()) as Settings

const patch = async (body: unknown): Promise<{ status: number; text: string }> => {
  const headers = { 'content-type': 'application/json' }
  const options = { method: 'PATCH', headers, body: JSON.stringify(body) }
  const response = await fetch(`${server.url}/api/settings`, options)
  return { status: response.status, text: await response.text() }
}

const errorOf = ({ text }: { text: string }) => (JSON.parse(text) as ErrorEnvelope).error

test('GET shows the file, the values and where the token comes from', async () => {
  const settings = await show()
  expect(settings).toMatchObject({ file, values: { port: 9000, hub: { token: 'none' } }, set: ['port'] })
})

test('PATCH writes what it is given and answers as GET does', async () => {
  const { status, text } = await patch({ max_body_mb: 8, decisions: { keep: 5 } })
  expect(status).toBe(200)
  expect(JSON.parse(text)).toEqual(await show())
  expect(JSON.parse(text)).toMatchObject({ restart_needed: true, values: { max_body_mb: 8, decisions: { keep: 5 } } })
  expect(readFileSync(file, 'utf8')).toStartWith('# mine\n')
})

test('a token goes into a file of mode 0600, and comes back in no answer', async () => {
  const stored = await patch({ hub: { token } })
  expect([stored.status, statSync(tokenFile).mode & 0o777]).toEqual([200, 0o600])
  expect(readFileSync(tokenFile, 'utf8')).toBe(`${token}\n`)
  expect(JSON.parse(stored.text)).toMatchObject({ values: { hub: { token: 'file' } }, restart_needed: false })
  expect(stored.text + JSON.stringify(await show())).not.toContain(token)
  expect(readFileSync(file, 'utf8')).toBe(toml)
  const removed = await patch({ hub: { token: null } })
  expect(JSON.parse(removed.text)).toMatchObject({ values: { hub: { token: 'none' } } })
})

describe('refused with the field and the reason, and nothing is written:', () => {
  const cases: [string, unknown, string][] = [
    ['an unknown key', { prot: 1 }, 'prot'],
    ['an unknown key of a table', { slots: { port: 1 } }, 'slots.port'],
    ['a wrong type', { port: 'high' }, 'port'],
    ['a value out of bounds', { port: 70_000 }, 'port'],
    ['a word that is not one of the choices', { supervisor: 'upstart' }, 'supervisor'],
    ['a table that is not a table', { hub: 1 }, 'hub'],
    ['an invalid range of ports', { slots: { ports: '9-1' } }, 'slots.ports'],
    ['a mirror that is not an address', { hub: { mirrors: ['https://'] } }, 'hub.mirrors.0'],
    ["an address that is not this machine's", { host: '192.0.2.1' }, 'host'],
    ['a token with blanks', { hub: { token: `${token} x` } }, 'hub.token'],
    ['a token that is a number', { hub: { token: 12_345_678 } }, 'hub.token'],
  ]
  for (const [what, body, param] of cases) {
    test(what, async () => {
      const answer = await patch(body)
      expect([answer.status, errorOf(answer).code, errorOf(answer).param]).toEqual([400, 'request.invalid', param])
      expect(answer.text).not.toContain(token)
      expect(answer.text).not.toContain('12345678')
      expect([readFileSync(file, 'utf8'), (await show()).values.hub.token]).toEqual([toml, 'none'])
    })
  }

  test('a port that another program has', async () => {
    const other = createServer()
    const taken = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port))
    })
    const answer = await patch({ port: taken })
    other.close()
    expect([answer.status, errorOf(answer).param]).toEqual([400, 'port'])
    expect(errorOf(answer).message).toContain('taken')
    expect(readFileSync(file, 'utf8')).toBe(toml)
  })
})
