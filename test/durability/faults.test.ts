import { describe, expect } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import type { Slot } from '../../src/contract/slot-config.ts'
import { findPaths, slotConfigFile, slotDir } from '../../src/system/paths.ts'
import { type Daemon, errorOf } from '../support/daemon.ts'
import { SlotWatch } from '../support/slot-watch.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { type Fault, inflict, faultTest as test } from './attach.ts'
import { leftovers, readState, readWorld, stateFile } from './disk.ts'
import { daemonWithSlot, slotPath, stateText, untilWell } from './fixture.ts'
import { slotName } from './life.ts'

interface Case extends Omit<Fault, 'path'> {
  title: string
  code: string
}

const stateFolder = (root: string) => slotDir(findPaths({ HAL0_ROOT: root }, false), slotName)
const configFile = (root: string) => slotConfigFile(findPaths({ HAL0_ROOT: root }, false), slotName)

const cases: Case[] = [
  { title: 'an fsync that answers EIO', calls: 'fsync', errno: 'EIO', code: 'storage.failed' },
  { title: 'an fsync that answers ENOSPC', calls: 'fsync', errno: 'ENOSPC', code: 'storage.full' },
  { title: 'a rename that answers EIO', calls: 'rename', errno: 'EIO', code: 'storage.failed' },
  { title: 'a rename that answers EDQUOT', calls: 'rename', errno: 'EDQUOT', code: 'storage.full' },
]

const serves = async (daemon: Daemon): Promise<void> => {
  expect((await daemon.call('GET', '/v1/models')).status).toBe(200)
  expect((await daemon.call('GET', '/api/slots')).status).toBe(200)
}

describe.each(cases)('$title', ({ calls, errno, code }) => {
  test('refuses a load and leaves the old state; the next load works', async () => {
    const daemon = await daemonWithSlot()
    const before = stateText(daemon)
    const end = await inflict(daemon, { calls, errno })
    const refused = await daemon.command(slotName, 'load')
    expect(errorOf(refused).code).toBe(code)
    expect(errorOf(refused).message).toContain(stateFile(daemon.root))
    expect(stateText(daemon)).toBe(before)
    expect((await daemon.status()).problems.join()).toContain(slotName)
    await serves(daemon)
    await end()
    await daemon.load()
    expect(readState(daemon.root)?.record.state).toBe('ready')
    expect((await daemon.status()).problems).toEqual([])
  })

  test('does not keep a loaded slot from serving and unloading, and the disk catches up', async () => {
    const daemon = await daemonWithSlot()
    await daemon.load()
    const watch = await SlotWatch.open(daemon)
    const end = await inflict(daemon, { calls, errno })
    expect((await daemon.chat()).status).toBe(200)
    expect((await daemon.command(slotName, 'unload')).body.state.state).toBe('offline')
    expect(readState(daemon.root)?.record.state).toBe('ready')
    expect(watch.states()).toEqual(['ready'])
    await end()
    const last = await watch.untilState('offline')
    expect(stateText(daemon)).toBe(last.json)
    expect(watch.states().slice(-2)).toEqual(['unloading', 'offline'])
    await untilWell(daemon)
  })

  test('refuses an edit, a new slot and a model, and leaves nothing of them', async () => {
    const daemon = await daemonWithSlot()
    const world = readWorld(daemon.root)
    const config = readFileSync(configFile(daemon.root), 'utf8')
    const attempts = [
      () => daemon.call('PATCH', slotPath, { context_size: 512 }),
      () => daemon.call('POST', '/api/slots', { name: 'second', model: 'tiny' }),
      async () => daemon.call('POST', '/api/models', { path: await tinyModel('embedding'), id: 'copied' }),
      async () => daemon.call('POST', '/api/models', { path: await tinyModel('embedding'), id: 'linked', link: true }),
    ]
    const end = await inflict(daemon, { calls, errno })
    for (const attempt of attempts) expect(errorOf(await attempt()).code).toBe(code)
    expect(readFileSync(configFile(daemon.root), 'utf8')).toBe(config)
    expect((await daemon.must<Slot>('GET', slotPath)).config.context_size).toBeNull()
    expect((await daemon.must<Slot[]>('GET', '/api/slots')).length).toBe(1)
    await serves(daemon)
    await end()
    expect(readWorld(daemon.root)).toEqual(world)
    expect(leftovers(daemon.root)).toEqual([])
    for (const attempt of attempts) expect((await attempt()).status).toBeLessThan(300)
  })
})

test('an fsync that failed is never repeated on the same file', async () => {
  const daemon = await daemonWithSlot()
  const end = await inflict(daemon, { calls: 'fsync', errno: 'EIO' })
  for (let round = 0; round < 3; round++) expect((await daemon.command(slotName, 'load')).status).toBe(500)
  const failed = (await end()).flatMap((line) => /fsync\(\d+<(.+)>\) = -1 EIO/.exec(line)?.[1] ?? [])
  expect(failed.length).toBeGreaterThanOrEqual(6)
  expect(new Set(failed).size).toBe(failed.length)
  for (const path of failed) expect(existsSync(path), path).toBe(false)
})

test('a folder whose fsync fails takes the refused load back', async () => {
  const daemon = await daemonWithSlot()
  const before = stateText(daemon)
  const end = await inflict(daemon, { calls: 'fsync', errno: 'EIO', path: stateFolder(daemon.root) })
  expect(errorOf(await daemon.command(slotName, 'load')).code).toBe('storage.failed')
  await end()
  await untilWell(daemon)
  expect(stateText(daemon)).toBe(before)
  await daemon.kill()
  await daemon.launch()
  expect((await daemon.state(slotName)).state).toBe('offline')
})
