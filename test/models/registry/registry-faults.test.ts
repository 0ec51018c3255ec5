/** A disk that fails or is full while a model is replaced: the error says so, and the old model is complete. */
import { expect, setDefaultTimeout } from 'bun:test'
import { join } from 'node:path'
import { Bus } from '../../../src/lib/async/bus.ts'
import { ModelRegistry } from '../../../src/models/registry/registry.ts'
import { testWith } from '../../support/part.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { modelCalled, receive, registration } from './received.ts'

setDefaultTimeout(180_000)

const strace = Bun.which('strace') ?? 'strace'
const quietly = ['-f', '-qq', '-o', '/dev/null']
const canTrace = Bun.which('strace') !== null && Bun.spawnSync([strace, ...quietly, 'true']).exitCode === 0
const renames = 'rename,renameat,renameat2'

testWith('strace', canTrace).each([
  { calls: renames, error: 'ENOSPC', path: '.pending-a.json' },
  { calls: renames, error: 'EIO', path: '.pending-a-mmproj.json' },
  { calls: 'link,linkat', error: 'ENOSPC', path: null },
  { calls: 'mkdir,mkdirat', error: 'ENOSPC', path: 'acme--tiny-GGUF/bbbbbbbbbbbb' },
])(
  'a replacement that fails with $error at $calls leaves the old model with its projector, and can be done again',
  async (fault) => {
    const models = join(tempDir(), 'models')
    const mmproj = receive(models, 'mmproj-F16.gguf', modelCalled('old eyes', 'clip'))
    const before = await ModelRegistry.open(models)
    await before.register(registration(models, 'a', modelCalled('old'), { mmproj }))
    const only = fault.path === null ? [] : ['-P', join(models, fault.path)]
    const inject = ['-e', `trace=${fault.calls}`, '-e', `inject=${fault.calls}:error=${fault.error}:when=1+`]
    const child = [process.execPath, join(import.meta.dir, 'registry-child.ts'), models, '', 'register']
    const run = Bun.spawnSync([strace, ...quietly, ...inject, ...only, ...child])
    expect(run.stdout.toString().trim()).toBe(fault.error === 'ENOSPC' ? 'storage.full' : 'storage.failed')

    const registry = await ModelRegistry.open(models)
    registry.watch({ runners: () => [], freed: new Bus<string>() })
    expect(registry.problems()).toEqual([])
    expect(registry.list().map(({ name }) => name)).toEqual(['old', 'old eyes'])
    for (const { id } of registry.list()) expect(await registry.verify(id)).toMatchObject({ ok: true })
    expect(await registry.leftovers.list()).toEqual([])
    const again = Bun.spawnSync(child)
    expect(again.stdout.toString().trim()).toBe('done')
    expect((await ModelRegistry.open(models)).list().map(({ name }) => name)).toEqual(['new', 'new eyes'])
  },
)
