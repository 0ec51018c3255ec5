import { expect } from 'bun:test'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ModelRegistry } from '../../../src/models/registry/registry.ts'
import { testWith } from '../../support/part.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { smallModel } from '../gguf/gguf-bytes.ts'

const strace = Bun.which('strace') ?? 'strace'
/** With the filter in the kernel, the child runs at nearly full speed. */
const quietly = ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null']
const canTrace = Bun.which('strace') !== null && Bun.spawnSync([strace, ...quietly, 'true']).exitCode === 0
const test = testWith('strace', canTrace)

type Action = 'import' | 'remove'

/** A models folder (for a removal, with the model `small` in it), and a file to import. */
const setUp = async (action: Action): Promise<{ models: string; path: string }> => {
  const root = tempDir()
  const models = join(root, 'models')
  const path = join(root, 'small.gguf')
  mkdirSync(models)
  writeFileSync(path, smallModel())
  if (action === 'remove') await (await ModelRegistry.open(models)).import({ path })
  return { models, path }
}

/** Runs one action of the registry in a separate process, with a fault injected by strace. @returns its last line, or 'killed' */
const runWithFault = (calls: string, fault: string, models: string, path: string, action: Action): string => {
  const child = join(import.meta.dir, 'registry-child.ts')
  const trace = ['-e', `trace=${calls}`, '-e', `inject=${calls}:${fault}`]
  const run = Bun.spawnSync([strace, ...quietly, ...trace, process.execPath, child, models, path, action])
  if (run.signalCode === 'SIGKILL' || run.exitCode === 137) return 'killed'
  if (run.exitCode !== 0) throw new Error(`the child failed: ${run.stderr}`)
  return run.stdout.toString().trim()
}

// The calls that make a change durable or visible. strace counts per thread, and Bun spreads calls over threads: the first call of
// each kind is always hit, later ones usually.
const fsyncs = 'fsync,fdatasync'
const renames = 'rename,renameat,renameat2'
const unlinks = 'unlink,unlinkat,rmdir'

test.each([
  ['import', [fsyncs, renames], 2],
  ['remove', [fsyncs, renames, unlinks], 3],
] as const)(
  'a model is complete or has left no trace, wherever its %s is killed',
  async (action, calls, certain) => {
    let kills = 0
    for (const kind of calls) {
      for (let point = 1; point <= 4; point++) {
        const { models, path } = await setUp(action)
        const outcome = runWithFault(kind, `signal=KILL:when=${point}`, models, path, action)

        const registry = await ModelRegistry.open(models)
        const where = `${kind} ${point}: ${outcome}`
        expect(outcome, where).toMatch(/^(done|killed)$/)
        expect(registry.problems(), where).toEqual([])
        if (registry.get('small') === null) expect(readdirSync(models), where).toEqual([])
        else expect((await registry.verify('small')).ok, where).toBe(true)
        if (outcome === 'done') {
          expect(registry.get('small') !== null, where).toBe(action === 'import')
          break
        }
        kills++
      }
    }
    expect(kills).toBeGreaterThanOrEqual(certain)
  },
  120_000,
)

test('an import on a failing disk ends in a typed error and leaves nothing, or succeeds at a second try', async () => {
  const failures = new Set<string>()
  for (const [calls, error] of [
    [fsyncs, 'EIO'],
    [renames, 'EIO'],
    [fsyncs, 'ENOSPC'],
  ] as const) {
    for (const when of ['1', '2', '3', '4', '1+']) {
      const { models, path } = await setUp('import')
      const outcome = runWithFault(calls, `error=${error}:when=${when}`, models, path, 'import')
      if (outcome !== 'done') failures.add(outcome)
      expect(readdirSync(models), `${calls} ${error} at ${when}: ${outcome}`).toHaveLength(outcome === 'done' ? 2 : 0)
    }
  }
  expect([...failures].sort()).toEqual(['storage.failed', 'storage.full'])
}, 120_000)
