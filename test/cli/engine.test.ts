import { afterAll, describe, expect, test } from 'bun:test'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Engine } from '../../src/contract/engine.ts'
import { alone, testAlone } from './support/alone.ts'
import { FakeApi } from './support/fake-api.ts'
import { hal0 } from './support/run-cli.ts'

const engine = (id: string): Engine => ({
  id,
  provider: 'llama.cpp',
  source: 'pypi',
  version: '1.0',
  path: `/engines/${id}/llama-server`,
  default: true,
  installed_at: null,
})

describe('with a daemon', () => {
  const api = new FakeApi({
    listEngines: () => [engine('a')],
    installEngine: () => engine('new'),
    useEngine: ({ body }) => engine((body as { engine: string }).engine),
    removeEngine: () => undefined,
  })
  afterAll(() => api[Symbol.dispose]())
  const run = (...args: string[]) => hal0(['engine', ...args], { url: api.url })

  test('list marks the default engine', async () => {
    expect((await run('list')).stdout).toMatch(/^a +llama\.cpp +pypi +1\.0 +yes +\/engines\/a\/llama-server$/m)
  })

  test('install asks the daemon and prints where the engine is', async () => {
    const { code, stdout } = await run('install', 'llama.cpp', '--source', 'pypi', '--version', '1.0')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'new is installed at /engines/new/llama-server.\n' })
    expect(api.calls.at(-1)?.body).toEqual({ provider: 'llama.cpp', source: 'pypi', version: '1.0' })
  })

  test('use sends an id unchanged and makes a path absolute', async () => {
    await run('use', 'a')
    expect(api.calls.at(-1)?.body).toEqual({ provider: 'llama.cpp', engine: 'a' })
    await run('use', './build/llama-server')
    expect(api.calls.at(-1)?.body).toEqual({ provider: 'llama.cpp', engine: resolve('./build/llama-server') })
  })

  test('rm removes an engine', async () => {
    expect((await run('rm', 'a')).stdout).toBe('a is removed.\n')
    expect(api.calls.at(-1)?.params).toEqual({ id: 'a' })
  })
})

describe('without a daemon, on this machine', () => {
  testAlone('use, list and rm act on the folders of HAL0_ROOT', async () => {
    const root = await mkdtemp(join(tmpdir(), 'hal0-cli-'))
    try {
      const program = join(root, 'llama-server')
      await writeFile(program, '#!/bin/sh\n')
      await chmod(program, 0o755)
      const env = { HAL0_ROOT: root, PATH: '/usr/bin:/bin' }
      const run = (...args: string[]) => hal0(['engine', ...args], { env, under: alone })
      expect(JSON.parse((await run('list', '--json')).stdout)).toEqual([])
      expect(await run('use', program)).toMatchObject({ code: 0, stderr: '' })
      const [used] = JSON.parse((await run('list', '--json')).stdout) as Engine[]
      expect(used).toMatchObject({ path: program, default: true })
      expect(await run('rm', 'nothing')).toMatchObject({ code: 4 })
    } finally {
      await rm(root, { recursive: true })
    }
  })
})
