import { describe, expect, test } from 'bun:test'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Engines } from '../../../src/providers/engines/engines.ts'
import { LlamaCpp } from '../../../src/providers/llamacpp/provider.ts'
import { findPaths } from '../../../src/system/paths.ts'
import { engineKinds, slotConfig } from '../../support/slot-config.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { modelEntry, modelFile } from '../fixtures.ts'

const provider = (root: string) => {
  const env = { PATH: '/nowhere', LLAMA_ARG_HOST: '0.0.0.0', LANG: 'C' }
  return new LlamaCpp(new Engines(findPaths({ HAL0_ROOT: root }, false), env, engineKinds), env)
}
const input = (engine: string | null, sentinel = true) => ({
  config: slotConfig({ engine, sentinel }),
  model: { entry: modelEntry(), files: [modelFile()] },
  lookUp: () => {
    throw new Error('it has no projector')
  },
})

test('a plan has the engine’s path, a clean environment, a probe and sentinels', async () => {
  const root = tempDir()
  const program = makeStandIn(join(root, 'engine'))
  const plan = await provider(root).plan(input(program))
  expect(plan.spec).toMatchObject({ name: 'primary', env: { PATH: '/nowhere', LANG: 'C' }, cwd: '/' })
  expect(plan.spec.argv.slice(0, 5)).toEqual([program, '--host', '127.0.0.1', '--port', '8081'])
  expect(plan).toMatchObject({ opensPortLate: false, readiness: { path: '/v1/models' } })
  expect(plan.sentinels.map(({ path }) => path)).toEqual(['/v1/completions', '/v1/chat/completions'])
})

test('a slot without a sentinel has none', async () => {
  const root = tempDir()
  const plan = await provider(root).plan(input(makeStandIn(join(root, 'engine')), false))
  expect(plan.sentinels).toEqual([])
})

test('an engine whose manifest says so opens its port late, even when named through a link', async () => {
  const root = tempDir()
  const program = makeStandIn(join(root, 'engine'))
  const manifest = {
    id: 'x',
    provider: 'llama.cpp',
    source: 'pypi',
    version: '1',
    path: 'llama-server',
    opens_port_late: true,
    installed_at: '',
  }
  await Bun.write(join(root, 'engine', 'engine.json'), JSON.stringify(manifest))
  mkdirSync(join(root, 'bin'))
  symlinkSync(program, join(root, 'bin', 'llama-server'))
  expect((await provider(root).plan(input(join(root, 'bin', 'llama-server')))).opensPortLate).toBe(true)
})

test('a bad configuration is refused before an engine is looked for', async () => {
  const plan = provider(tempDir()).plan({ ...input(null), config: slotConfig({ extra_args: ['--port', '1'] }) })
  await expect(plan).rejects.toMatchObject({ code: 'request.invalid', param: 'extra_args' })
})

describe('what clients may ask of a slot', () => {
  const abilities = (
    changes: Parameters<typeof slotConfig>[0],
    model: ReturnType<typeof modelEntry> | null = modelEntry(),
  ) => provider(tempDir()).abilities(slotConfig(changes), model)

  test('follows its mode; a projector adds vision to chat', () => {
    expect(abilities({}).capabilities).toEqual(['chat', 'completion', 'tools'])
    expect(abilities({ mmproj: 'eyes' }).capabilities).toEqual(['chat', 'completion', 'tools', 'vision'])
    expect(abilities({ mode: 'embedding', mmproj: 'eyes' }).capabilities).toEqual(['embedding'])
    expect(abilities({}, modelEntry({ kind: 'rerank' })).capabilities).toEqual(['rerank'])
    expect(abilities({}, null).capabilities).toEqual([])
  })

  test('has the context of one request: the model’s unless the slot sets it, divided where its requests share it', () => {
    expect(abilities({}).contextLength).toBe(512)
    expect(abilities({ context_size: 4096 }).contextLength).toBe(4096)
    expect(abilities({ context_size: 4096, parallel: 3 }).contextLength).toBe(1365)
    expect(abilities({ context_size: 4096, parallel: 3, extra_args: ['--kv_unified'] }).contextLength).toBe(4096)
    expect(abilities({}, null).contextLength).toBeNull()
  })
})
