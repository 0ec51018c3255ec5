/** The settings of this machine while no daemon runs. */
import { describe, expect, test } from 'bun:test'
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../../../src/contract/settings.ts'
import { testWith } from '../../support/part.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { alone, testAlone } from '../support/alone.ts'
import { FakeApi } from '../support/fake-api.ts'
import { hal0, main } from '../support/run-cli.ts'

const machine = (text: string | null) => {
  const root = tempDir()
  const file = join(root, 'etc/hal0/hal0.toml')
  if (text !== null) {
    mkdirSync(join(root, 'etc/hal0'), { recursive: true })
    writeFileSync(file, text, { mode: 0o640 })
  }
  const run = (...args: string[]) => hal0(['config', ...args], { env: { HAL0_ROOT: root }, under: alone })
  return { file, run, read: () => readFileSync(file, 'utf8') }
}

const isRoot = process.getuid?.() === 0

describe('without a daemon', () => {
  testAlone('set changes hal0.toml, keeps its comments and mode, and says when that takes effect', async () => {
    const { file, run, read } = machine('# mine\nport = 9000\n')
    expect(await run('set', 'port=9001', 'slots.ports=9100-9120')).toEqual({
      code: 0,
      stdout: 'port = 9001\nslots.ports = 9100-9120\n',
      stderr: `The daemon is not running; this takes effect at its start. The file is ${file}\n`,
    })
    expect(read()).toStartWith('# mine\nport = 9001\n')
    expect(statSync(file).mode & 0o777).toBe(0o640)
  })

  testAlone('set creates a missing file, and refuses what no daemon would start with, as a daemon does', async () => {
    const { run, read } = machine(null)
    const refused = await run('set', 'hub.mirrors=https://me:pw@mirror.example')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('No daemon would start with this')
    expect((await run('set', 'engines.llama.cpp=/nowhere')).stderr).toContain(
      'neither an installed engine nor a program',
    )
    expect(read).toThrow('ENOENT')
    expect((await run('set', 'port=9001')).code).toBe(0)
    expect(read()).toBe('port = 9001\n')
  })

  testAlone('set mends the setting for which no daemon starts', async () => {
    const { run, read } = machine('port = "high"\n')
    expect((await run('show')).stderr).toContain('port must be integer')
    expect((await run('set', 'port=9001')).code).toBe(0)
    expect(read()).toBe('port = 9001\n')
  })

  testAlone('get, show and validate read it', async () => {
    const { file, run } = machine('port = 9000\n[hub]\nmirrors = ["https://hub.example"]\n')
    const says = `The daemon is not running; this is what ${file} says.\n`
    expect(await run('get', 'port')).toEqual({ code: 0, stdout: '9000\n', stderr: says })
    expect((await run('get', 'hub.mirrors')).stdout).toBe('["https://hub.example"]\n')
    expect((await run('get', 'update.url')).stdout).toBe('null\n')
    expect(JSON.parse((await run('get', 'drain_s', '--json')).stdout)).toBe(10)
    const { stdout } = await run('show', '--json')
    expect(JSON.parse(stdout) as Settings).toMatchObject({ file, set: ['port', 'hub.mirrors'], restart_needed: false })
    expect((await run('validate')).stdout).toBe(`${file} is valid.\n`)
  })

  testWith('root', isRoot)('set leaves the file to its owner, who runs the daemon', async () => {
    const { file } = machine('port = 9000\n')
    chownSync(file, 1234, 1234)
    // The user namespace of `alone` has no other users.
    const outside = await hal0(['config', 'set', 'drain_s=5'], {
      env: { HAL0_ROOT: join(file, '../../..') },
      under: ['unshare', '--net'],
    })
    expect(outside.code).toBe(0)
    expect(statSync(file)).toMatchObject({ uid: 1234, gid: 1234 })
  })
})

const nobody = ['setpriv', '--reuid', '65534', '--clear-groups']
const readable = isRoot && Bun.spawnSync([...nobody, 'test', '-r', main, '-a', '-x', process.execPath]).success

testWith('root, and a checkout that others may read', readable)(
  'set says when only root may write the file',
  async () => {
    const root = tempDir()
    mkdirSync(join(root, 'etc/hal0'), { recursive: true })
    chmodSync(root, 0o755)
    const env = { HAL0_ROOT: root, HOME: '/nonexistent', HAL0_URL: '' }
    const { code, stderr } = await hal0(['config', 'set', 'port=9001'], { env, under: ['unshare', '--net', ...nobody] })
    expect(code).toBe(1)
    expect(stderr).toContain('hal0 may not write to')
    expect(stderr).toEndWith('Try: sudo hal0 config set port=9001\n')
  },
)

test('a daemon that HAL0_URL names is never replaced by this machine', async () => {
  const url = 'http://127.0.0.1:9'
  for (const args of [['set', 'port=1'], ['get', 'port'], ['show']]) {
    expect((await hal0(['config', ...args], { url, env: { HAL0_ROOT: tempDir() } })).code).toBe(3)
  }
})

test('get refuses an unknown setting, and the token', async () => {
  using api = new FakeApi({})
  const unknown = await hal0(['config', 'get', 'prot'], { url: api.url })
  expect(unknown.code).toBe(2)
  expect(unknown.stderr).toContain('Did you mean port?')
  expect((await hal0(['config', 'get', 'hub.token'], { url: api.url })).stderr).toContain('never shown')
})
