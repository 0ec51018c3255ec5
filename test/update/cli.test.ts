import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findInstallation } from '../../src/update/installation.ts'
import { tempDir } from '../support/temp-dir.ts'
import { Installation } from './support/installation.ts'
import { keyPair, ReleaseServer } from './support/release-server.ts'

const cli = join(import.meta.dir, 'support/cli.ts')
const publicKey = keyPair.public.trim().split('\n').at(-1) ?? ''

let server: ReleaseServer
let root: string
let at: Installation
beforeEach(() => {
  server = new ReleaseServer()
  root = tempDir()
  at = new Installation(root, '0.2.0')
})
afterEach(() => server[Symbol.dispose]())

const hal0 = async (args: string[], keys: string | null = publicKey, env: Record<string, string> = {}) => {
  const define = keys === null ? [] : ['--define', `HAL0_RELEASE_KEYS="${keys}"`]
  const child = Bun.spawn([process.execPath, ...define, cli, 'update', ...args], {
    env: { PATH: process.env.PATH ?? '', HAL0_ROOT: root, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, stdout, stderr }
}

const configure = () => {
  mkdirSync(at.paths.config, { recursive: true })
  writeFileSync(join(at.paths.config, 'hal0.toml'), `[update]\nurl = "${server.url}"\n`)
}

describe('hal0 update', () => {
  test('updates from the configured address, and back', async () => {
    configure()
    server.publish('0.3.0')
    expect(await hal0(['--yes'])).toMatchObject({ code: 0, stdout: 'hal0 0.3.0 is installed; it was 0.2.0.\n' })
    expect(await hal0([])).toMatchObject({ code: 0, stdout: 'hal0 0.3.0 is installed already.\n' })
    const { code, stdout } = await hal0(['--rollback', '--json'])
    expect({ code, json: JSON.parse(stdout) }).toEqual({ code: 0, json: { from: '0.3.0', to: '0.2.0', changed: true } })
  })

  test('--check says whether there is a newer one, for people and for programs', async () => {
    server.publish('0.3.0')
    expect(await hal0(['--check', '--url', server.url])).toMatchObject({
      code: 0,
      stdout: 'hal0 0.3.0 is available; 0.2.0 is installed. Update with: hal0 update\n',
    })
    const { stdout } = await hal0(['--check', '--json', '--url', server.url])
    expect(JSON.parse(stdout)).toMatchObject({ current: '0.2.0', available: '0.3.0', newer: true })
    server.publish('0.2.0')
    expect((await hal0(['--check', '--url', server.url])).stdout).toContain('there is nothing newer')
    expect(at.names).toEqual(['0.2.0', 'current'])
  })

  test('--to takes a version by name', async () => {
    server.publish('0.1.5')
    server.publish('0.3.0')
    expect(await hal0(['--to', '0.1.5', '--url', server.url])).toMatchObject({
      code: 0,
      stdout: 'hal0 0.1.5 is installed; it was 0.2.0.\n',
    })
  })

  test('a refusal is a sentence on stderr, for programs an envelope', async () => {
    server.publish('0.1.0')
    expect(await hal0(['--url', server.url])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^Error: The newest release, hal0 0\.1\.0, is older/),
    })
    const { stderr } = await hal0(['--json', '--url', server.url])
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error.code).toBe('update.older')
  })

  test('a build without release keys trusts nothing, whatever the environment says', async () => {
    server.publish('0.3.0')
    const env = { HAL0_RELEASE_KEYS: publicKey }
    for (const keys of [null, '']) {
      expect(await hal0(['--url', server.url], keys, env)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('npm run build -- --release-key PUBLIC_KEY'),
      })
    }
    expect(server.asked).toEqual([])
  })

  test('without an address it says where one is written', async () => {
    expect(await hal0([])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('This build has no address for updates. Set one: hal0 config set update.url='),
    })
  })

  test('an invalid address in hal0.toml is named', async () => {
    mkdirSync(at.paths.config, { recursive: true })
    writeFileSync(join(at.paths.config, 'hal0.toml'), '[update]\nurl = "nowhere"\n')
    expect(await hal0([])).toMatchObject({ code: 1, stderr: expect.stringContaining('update.url') })
  })

  test('a hal0 that is not installed has to be set up first', async () => {
    root = tempDir()
    for (const args of [[], ['--url', server.url], ['--rollback'], ['--check', '--url', server.url]]) {
      expect(await hal0(args)).toMatchObject({ code: 1, stderr: expect.stringContaining('hal0 setup') })
    }
  })

  test('flags that contradict each other are wrong usage', async () => {
    for (const args of [
      ['--rollback', '--check'],
      ['--rollback', '--to', '0.1.0'],
      ['--to', 'v0.1.0'],
      ['--to', '../0.1.0'],
    ]) {
      expect(await hal0(args)).toMatchObject({ code: 2 })
    }
  })
})

describe('the installation that is meant', () => {
  const find = (env: Record<string, string>, isRoot = false, program = '/elsewhere/hal0') =>
    findInstallation({ env, isRoot, program })

  test('is the one below HAL0_ROOT, which has a service only at /', async () => {
    expect(await find({ HAL0_ROOT: root })).toMatchObject({ scope: null, paths: { lib: join(root, 'usr/lib/hal0') } })
    expect(await find({ HAL0_ROOT: '/' })).toMatchObject({ scope: 'system', paths: { lib: '/usr/lib/hal0' } })
  })

  test('is that of the running executable', async () => {
    const home = tempDir()
    const program = join(home, '.local/lib/hal0/0.2.0/hal0')
    expect(await find({ HOME: home }, true, program)).toMatchObject({ scope: 'user' })
    expect(await find({ HOME: home }, false, '/usr/lib/hal0/0.2.0/hal0')).toMatchObject({ scope: 'system' })
  })

  test("is the caller's own, or the other one if only that exists", async () => {
    const home = tempDir()
    expect(await find({ HOME: home })).toMatchObject({ scope: 'user' })
    expect(await find({ HOME: home }, true)).toMatchObject({ scope: 'system' })
    mkdirSync(join(home, '.local/lib/hal0'), { recursive: true })
    symlinkSync('0.2.0', join(home, '.local/lib/hal0/current'))
    expect(await find({ HOME: home }, true)).toMatchObject({ scope: 'user' })
  })
})
