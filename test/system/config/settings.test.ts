/** The settings of a running daemon, on a real hal0.toml. */
import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { ServerSettings } from '../../../src/system/config/server-config.ts'
import { httpUrl, readServerSettings } from '../../../src/system/config/server-config.ts'
import { ServerSettingsFile, type SettingsDeps } from '../../../src/system/config/settings.ts'
import { configFile, findPaths } from '../../../src/system/paths.ts'
import { tempDir } from '../../support/temp-dir.ts'

const text = `# the server of the kitchen
port = 9000 # behind nginx

[slots]
# above those of the printers
ports = "9100-9199"
future = 1

[hub]
mirrors = ["https://mirror.example"]
`

const open = async (toml: string | null, deps: Partial<SettingsDeps> = {}) => {
  const paths = findPaths({ HAL0_ROOT: tempDir() }, true)
  mkdirSync(join(paths.config), { recursive: true })
  const file = configFile(paths)
  if (toml !== null) writeFileSync(file, toml)
  const stored: (string | null)[] = []
  const applied: ServerSettings[] = []
  const settings = new ServerSettingsFile({
    providers: ['llama.cpp'],
    paths,
    options: {},
    endpoint: null,
    started: await readServerSettings(paths, deps.options ?? {}),
    token: {
      look: async () => ({ source: stored.at(-1) == null ? 'none' : 'file', problem: null }),
      store: async (token) => void stored.push(token),
    },
    trial: async () => {},
    apply: (next) => applied.push(next),
    ...deps,
  })
  return { settings, file, stored, applied, read: () => readFileSync(file, 'utf8') }
}

const refusal = async (promise: Promise<unknown>): Promise<Hal0Error> => {
  const error = await promise.catch((thrown: unknown) => thrown)
  if (error instanceof Hal0Error) return error
  throw new Error(`it was not refused: ${JSON.stringify(error)}`)
}

describe('what is shown', () => {
  test('is every key, with its default if the file does not set it', async () => {
    const { settings, file } = await open(null)
    expect(await settings.show()).toEqual({
      file,
      values: {
        host: '127.0.0.1',
        port: 8080,
        supervisor: 'auto',
        allowed_hosts: [],
        auth: 'auto',
        behind_proxy: [],
        cors_origins: [],
        max_body_mb: 64,
        body_memory_mb: 256,
        drain_s: 10,
        slots: { ports: '8081-8099' },
        engines: { 'llama.cpp': null },
        hub: { mirrors: [], token: 'none' },
        update: { url: null },
        decisions: { keep: 100_000, keep_days: 90, keep_mb: 256 },
      },
      set: [],
      overridden: [],
      restart_needed: false,
      problems: [],
    })
  })

  test('says which keys the file sets, without those that this version does not know', async () => {
    const { settings } = await open(text)
    const { values, set } = await settings.show()
    expect(set).toEqual(['port', 'slots.ports', 'hub.mirrors'])
    expect(values.slots).toEqual({ ports: '9100-9199' })
  })

  test('has the values of the command line and HF_ENDPOINT where they win', async () => {
    const { settings } = await open(text, { options: { port: 7000 }, endpoint: 'https://hf.example' })
    const { values, overridden, restart_needed } = await settings.show()
    expect([values.port, values.hub.mirrors]).toEqual([7000, ['https://hf.example']])
    expect([overridden, restart_needed]).toEqual([['port', 'hub.mirrors'], false])
  })

  test('names a token that cannot be used with the reason', async () => {
    const look = async () => ({ source: 'file' as const, problem: 'It is open to others.' })
    const { settings } = await open(null, { token: { look, store: async () => {} } })
    const { values, problems } = await settings.show()
    expect([values.hub.token, problems]).toEqual(['file', ['It is open to others.']])
  })

  test('says that a restart is needed after somebody has edited the file', async () => {
    const { settings, file } = await open(text)
    writeFileSync(file, text.replace('9000', '9001'))
    expect((await settings.show()).restart_needed).toBe(true)
  })
})

describe('a change', () => {
  test('is written with comments and unknown keys kept', async () => {
    const { settings, read } = await open(text)
    const { values, restart_needed } = await settings.edit({ port: 9001, slots: { ports: '9100-9110' } })
    expect([values.port, values.slots.ports, restart_needed]).toEqual([9001, '9100-9110', true])
    expect(read()).toBe(text.replace('9000', '9001').replace('9199', '9110'))
  })

  test('to null takes the key out of the file', async () => {
    const { settings, read } = await open(text)
    const { values, set } = await settings.edit({ port: null, hub: { mirrors: null } })
    expect([values.port, values.hub.mirrors, set]).toEqual([8080, [], ['slots.ports']])
    expect(read()).not.toContain('9000')
    expect(read()).toContain('future = 1')
  })

  test('to null of a missing key creates no file', async () => {
    const { settings, file } = await open(null)
    await settings.edit({ port: null, slots: { ports: null } })
    expect(existsSync(file)).toBe(false)
  })

  test('of mirrors takes effect at once, and so does that of the engine', async () => {
    const { settings, applied } = await open(text)
    const { restart_needed } = await settings.edit({ hub: { mirrors: [] }, engines: { 'llama.cpp': '/opt/x' } })
    expect([restart_needed, applied.at(-1)?.mirrors]).toEqual([false, []])
  })

  test('back to what the daemon was started with needs no restart', async () => {
    const { settings } = await open(text)
    expect((await settings.edit({ max_body_mb: 1 })).restart_needed).toBe(true)
    expect((await settings.edit({ max_body_mb: null })).restart_needed).toBe(false)
  })

  test('of the token reaches only its store', async () => {
    const { settings, stored, read } = await open(text)
    const answer = await settings.edit({ hub: { token: 'hf_secret' } })
    expect(stored).toEqual(['hf_secret'])
    expect(answer.values.hub.token).toBe('file')
    expect(JSON.stringify(answer) + read()).not.toContain('hf_secret')
    expect(read()).toBe(text)
    expect((await settings.edit({ hub: { token: null } })).values.hub.token).toBe('none')
  })

  test('of one key survives a simultaneous change of another', async () => {
    const { settings } = await open(text)
    await Promise.all([settings.edit({ host: '::1' }), settings.edit({ port: 1 }), settings.edit({ max_body_mb: 2 })])
    expect((await settings.show()).values).toMatchObject({ host: '::1', port: 1, max_body_mb: 2 })
  })
})

describe('nothing is written', () => {
  test('of a port range or a mirror that no daemon would start with', async () => {
    const { settings, read, stored } = await open(text)
    const range = await refusal(settings.edit({ slots: { ports: '9000-80' }, hub: { token: 'hf_x' } }))
    expect([range.code, range.param]).toEqual(['request.invalid', 'slots.ports'])
    const mirror = await refusal(settings.edit({ hub: { mirrors: ['https://a', 'https://me:secret@b'] } }))
    expect([mirror.code, mirror.param]).toEqual(['request.invalid', 'hub.mirrors.1'])
    expect(mirror.message).not.toContain('secret')
    expect([read(), stored]).toEqual([text, []])
  })

  test('of a change that the trial refuses', async () => {
    const trial = async () => {
      throw new Hal0Error('supervisor.failed', 'This machine was not booted by systemd.')
    }
    const { settings, read } = await open(text, { trial })
    const error = await refusal(settings.edit({ supervisor: 'systemd' }))
    expect([error.code, error.message]).toEqual(['request.invalid', 'This machine was not booted by systemd.'])
    expect(read()).toBe(text)
  })

  test('into a file that is no longer valid TOML', async () => {
    const { settings, file, read } = await open(text)
    writeFileSync(file, 'port = \n')
    const error = await refusal(settings.edit({ port: 1 }))
    expect([error.code, error.message]).toEqual(['config.invalid', expect.stringContaining('line 1')])
    expect(read()).toBe('port = \n')
  })

  test('but a change can fix a file with an invalid value', async () => {
    const { settings, file } = await open(text)
    writeFileSync(file, text.replace('9000', '"nine"'))
    expect((await refusal(settings.show())).code).toBe('config.invalid')
    expect((await settings.edit({ port: 9002 })).values.port).toBe(9002)
  })
})

test('an IPv6 address may have brackets, and has them exactly once in a URL', async () => {
  const { file } = await open('host = "[::1]"\n')
  const settings = async (options = {}) =>
    readServerSettings(findPaths({ HAL0_ROOT: join(file, '../../..') }, true), options)
  expect((await settings()).host).toBe('::1')
  const { host, port } = await settings({ host: '[fd00::1]' })
  expect([host, httpUrl(host, port)]).toEqual(['fd00::1', 'http://[fd00::1]:8080'])
})
