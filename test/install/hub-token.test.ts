/** How setup and doctor fix the hub token's file, on a real disk. */
import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { findTokenProblems } from '../../src/install/doctor/find/token.ts'
import { systemLayout } from '../../src/install/layout.ts'
import { applyAll, findPending } from '../../src/install/step.ts'
import { hubTokenStep } from '../../src/install/steps/hub-token.ts'
import { hubTokenFile } from '../../src/system/paths.ts'
import { testWith } from '../support/part.ts'
import { tempDir } from '../support/temp-dir.ts'

const isRoot = process.getuid?.() === 0
const quiet = { begins() {}, warns() {} }
const me = { name: 'hal0', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }

const house = (mode: number | null, owner = me) => {
  const layout = systemLayout(tempDir())
  const path = hubTokenFile(layout.paths)
  mkdirSync(layout.paths.config, { recursive: true })
  if (mode !== null) {
    writeFileSync(path, 'hf_secret\n')
    chmodSync(path, mode)
  }
  const step = hubTokenStep(layout.paths, async () => owner)
  const changes = async () => (await findPending([step])).flatMap(({ changes }) => changes)
  return { layout, path, step, changes, mode: () => statSync(path).mode & 0o777 }
}

test('a token that nobody else may read, or no token, is in order', async () => {
  for (const mode of [0o600, 0o400, null]) {
    const { layout, changes } = house(mode)
    expect([await changes(), await findTokenProblems(layout.paths)]).toEqual([[], []])
  }
})

test('a token that others may read is found, explained, and closed', async () => {
  const { path, step, changes, mode } = house(0o644)
  expect(await changes()).toEqual([`close ${path}, the hub's token, to others: its mode is 0644`])
  await applyAll(await findPending([step]), quiet)
  expect([mode(), await changes(), readFileSync(path, 'utf8')]).toEqual([0o600, [], 'hf_secret\n'])
})

testWith('root', isRoot)('a token that root made is given to the user of the API', async () => {
  const { path, step, changes } = house(0o600, { name: 'hal0', uid: 4711, gid: 4712 })
  expect(await changes()).toEqual([`give ${path}, the hub's token, to hal0`])
  await applyAll(await findPending([step]), quiet)
  expect(statSync(path)).toMatchObject({ uid: 4711, gid: 4712 })
  expect(await changes()).toEqual([])
})

describe('what root must not change for hal0’s user', () => {
  const elsewhere = (mode: number): string => {
    const path = join(tempDir(), 'shadow')
    writeFileSync(path, 'secret of root\n')
    chmodSync(path, mode)
    if (isRoot) chownSync(path, 4713, 4713)
    return path
  }

  test('a link is not followed, and is reported when it leads to a file that others may read', async () => {
    const { layout, path, step, changes } = house(null)
    const target = elsewhere(0o644)
    symlinkSync(target, path)
    const before = statSync(target)
    expect(await changes()).toEqual([])
    await expect(step.apply()).rejects.toMatchObject({ code: 'storage.failed' })
    expect(statSync(target)).toMatchObject({ mode: before.mode, uid: before.uid })
    expect(await findTokenProblems(layout.paths)).toEqual([expect.stringContaining(`chmod 600 ${path}`)])
    unlinkSync(path)
    symlinkSync(elsewhere(0o600), path)
    expect(await findTokenProblems(layout.paths)).toEqual([])
    unlinkSync(path)
    symlinkSync(join(layout.paths.config, 'nothing'), path)
    expect(await findTokenProblems(layout.paths)).toEqual([expect.stringContaining('leads nowhere')])
  })

  test('a hard link to another file stays as it is', async () => {
    const { layout, path, step, changes } = house(null)
    const target = elsewhere(0o644)
    linkSync(target, path)
    const before = statSync(target)
    expect(await changes()).toEqual([])
    await step.apply()
    expect(statSync(target)).toMatchObject({ mode: before.mode, uid: before.uid })
    expect(await findTokenProblems(layout.paths)).toEqual([expect.stringContaining('has 2 names')])
  })
})
