/**
 * kill -9 at the registry's steps: an id stands for the old model or the new one, with its own projector; never for neither, never for
 * a mix, and nothing is left that is not listed.
 */
import { expect, setDefaultTimeout } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Bus } from '../../../src/lib/async/bus.ts'
import { ModelRegistry } from '../../../src/models/registry/registry.ts'
import { testWith } from '../../support/part.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { commit, modelCalled, receive, registration } from './received.ts'

const long = process.env.HAL0_LONG === '1'
setDefaultTimeout(long ? 900_000 : 180_000)

const strace = Bun.which('strace') ?? 'strace'
const quietly = ['-f', '-qq', '-o', '/dev/null']
const canTrace = Bun.which('strace') !== null && Bun.spawnSync([strace, ...quietly, 'true']).exitCode === 0
const test = testWith('strace', canTrace)

const renames = 'rename,renameat,renameat2'

/** Calls that make a change durable or visible. The normal run kills at every n-th one, the long run at each. */
const kinds: { calls: string; stride: number; path?: string }[] = [
  // One by one at the deciding calls. For the others, strace counts the calls of each thread, and Bun has several for files.
  { calls: renames, stride: 1, path: '.pending-a.json' },
  { calls: renames, stride: 1, path: '.pending-a-mmproj.json' },
  { calls: renames, stride: 3 },
  { calls: 'fsync,fdatasync', stride: 3 },
  { calls: 'link,linkat', stride: 2 },
  { calls: 'unlink,unlinkat,rmdir', stride: 2 },
  { calls: `fsync,fdatasync,${renames},link,linkat,unlink,unlinkat,rmdir,mkdir,mkdirat`, stride: 8 },
]

const nobody = () => ({ runners: () => [], freed: new Bus<string>() })

const register = async (models: string, name: 'old' | 'new'): Promise<void> => {
  const registry = await ModelRegistry.open(models)
  const mmproj = receive(models, 'mmproj-F16.gguf', modelCalled(`${name} eyes`, 'clip'))
  const revision = commit(name === 'old' ? 'a' : 'b')
  registry.watch(nobody())
  await registry.register(registration(models, 'a', modelCalled(name), { revision, mmproj, over: registry.get('a') }))
}

/** @returns whether the child was killed at the call */
const killAt = (models: string, { calls, path }: (typeof kinds)[number], count: number): boolean => {
  const child = join(import.meta.dir, 'registry-child.ts')
  const fault = ['-e', `trace=${calls}`, '-e', `inject=${calls}:signal=KILL:when=${count}`]
  const only = path === undefined ? [] : ['-P', join(models, path)]
  const command = [strace, ...quietly, ...fault, ...only, process.execPath, child, models, '', 'register']
  const run = Bun.spawnSync(command, { env: { ...process.env, UV_THREADPOOL_SIZE: '2' } })
  if (run.signalCode === 'SIGKILL' || run.exitCode === 137) return true
  expect([run.exitCode, run.stdout.toString().trim()], run.stderr.toString()).toEqual([0, 'done'])
  return false
}

/** Files below models/ that are neither entries nor part of a download. */
const filesOf = (models: string): string[] =>
  readdirSync(models, { recursive: true, withFileTypes: true })
    .filter((item) => !item.isDirectory())
    .map((item) => join(item.parentPath, item.name).slice(models.length + 1))
    .filter((path) => !path.startsWith('.pull-') && !/^[^.][^/]*\.json$/.test(path))

/** Checks what the next daemon finds. @returns the name of the model with the id; null if there is none */
const lookAt = async (models: string): Promise<string | null> => {
  const registry = await ModelRegistry.open(models)
  expect(registry.problems()).toEqual([])
  const entry = registry.get('a')
  const projector = registry.get('a-mmproj')
  expect(projector?.name ?? null).toBe(entry === null ? null : `${entry.name} eyes`)
  for (const { id } of registry.list()) expect(await registry.verify(id)).toMatchObject({ ok: true })
  if (projector !== null) expect(entry?.source?.mmproj?.sha256).toBe(projector.files[0]?.sha256 ?? '')
  registry.watch(nobody())
  await registry.leftovers.clear()
  const known = registry.list().flatMap(({ files }) => files.flatMap(({ path }) => [path, `${path}.sha256`]))
  expect(filesOf(models).toSorted()).toEqual(known.toSorted())
  return entry?.name ?? null
}

test.each([
  ['a new model', null, 'old'],
  ['a replacement', 'old', 'new'],
] as const)('%s with its projector is complete or undone, wherever it is killed', async (_, before, next) => {
  const outcomes = new Map<string | null, number>()
  let kills = 0
  const kill = async (kind: (typeof kinds)[number], count: number): Promise<boolean> => {
    const models = join(tempDir(), 'models')
    await ModelRegistry.open(models)
    if (before !== null) await register(models, before)
    const killed = killAt(models, kind, count)
    const now = await lookAt(models)
    expect<(string | null)[]>(killed ? [before, next] : [next]).toContain(now)
    if (!killed) return false
    kills++
    outcomes.set(now, (outcomes.get(now) ?? 0) + 1)
    // The interrupted change can be repeated.
    await register(models, next)
    expect(await lookAt(models)).toBe(next)
    return true
  }
  do {
    for (const kind of kinds) {
      for (let count = 1; await kill(kind, count); count += long ? 1 : kind.stride);
    }
  } while (long && kills < 100)
  console.log(`${kills} kills left ${[...outcomes].map(([name, times]) => `${name} ${times} times`).join(', ')}`)
  expect(kills).toBeGreaterThanOrEqual(long ? 100 : 8)
  // Before the deciding rename, and after it while the projector's rename is still to come.
  expect([...outcomes.keys()].toSorted()).toEqual([before, next].toSorted())
})
