/** What the executable says about the machine that it runs on, and about models on it. */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hardware } from '../../src/contract/hardware.ts'
import type { Model } from '../../src/contract/models/model.ts'
import { problemsOf } from '../../src/lib/validate.ts'
import { binary, Daemon, runHal0 } from '../support/daemon.ts'
import { testWith } from '../support/part.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tinyModel } from '../support/tiny-model.ts'

setDefaultTimeout(60_000)

test('the API says what the machine has, and probe shows it', async () => {
  const daemon = await Daemon.start()
  const hardware = await daemon.must<Hardware>('GET', '/api/hardware')
  expect(problemsOf(Hardware, hardware)).toEqual([])
  expect(hardware.disk.path).toBe(join(daemon.root, 'var/lib/hal0'))
  const { code, stdout } = await runHal0(['probe'], { env: { HAL0_URL: daemon.url } })
  expect(code).toBe(0)
  expect(stdout).toContain(hardware.cpu.model ?? 'unknown')
})

test('a model is judged by its header from the moment it is here, and its file is not read for a list', async () => {
  const daemon = await Daemon.start()
  const { id, fit } = await daemon.must<Model>('POST', '/api/models', { path: await tinyModel() })
  expect(fit).toMatchObject({ verdict: 'fits', basis: 'header', context: 8192, have: { device: 'ram' } })
  const needs = fit?.needs
  const [listed] = await daemon.must<Model[]>('GET', '/api/models')
  expect(listed?.fit?.needs).toEqual(needs)
  expect(listed).not.toHaveProperty('memory')
  rmSync(join(daemon.root, 'var/lib/hal0/models', listed?.files[0]?.path ?? ''))
  expect((await daemon.must<Model>('GET', `/api/models/${id}`)).fit?.needs).toEqual(needs)
})

const memory = '/sys/fs/cgroup/memory'
const asRoot = process.getuid?.() === 0
testWith('root and a memory group of version 1', asRoot && existsSync(`${memory}/tasks`))(
  'a limit of its control group is its memory',
  async () => {
    const group = join(memory, `hal0-test-${crypto.randomUUID()}`)
    mkdirSync(group)
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(512 << 20))
    const program = join(tempDir(), 'hal0')
    writeFileSync(program, `#!/bin/sh\necho $$ > ${group}/tasks\nexec '${binary}' "$@"\n`)
    chmodSync(program, 0o755)
    const daemon = await Daemon.start({ program })
    // Hooks run in this order: the daemon has ended then.
    onTestFinished(() => rmdirSync(group))
    const hardware = await daemon.must<Hardware>('GET', '/api/hardware')
    expect(hardware.memory.limit).toBe(512 << 20)
    expect(hardware.memory.available).toBeLessThan(512 << 20)
    expect(hardware.memory.total).toBeGreaterThan(512 << 20)
  },
)
