/** Files and folders that are not as a daemon left them: it starts all the same, or says in a sentence why it cannot. */
import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Slot } from '../../src/contract/slot.ts'
import type { Decision } from '../../src/contract/system.ts'
import { findPaths } from '../../src/system/paths.ts'
import { Daemon, errorOf } from '../support/daemon.ts'
import { testWith } from '../support/part.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { readState, stateFile } from './disk.ts'
import { daemonWithSlot, slotPath } from './fixture.ts'
import { slotName } from './life.ts'

/** Root may write everywhere, unless it gives that right up. */
const isRoot = process.getuid?.() === 0
const asOrdinary = isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []
const permissionTest = testWith('setpriv, as this runs as root', !isRoot || Bun.which('setpriv') !== null)

const dataFolder = (daemon: Daemon) => findPaths({ HAL0_ROOT: daemon.root }, false).data

describe('a state.json that is no record of the slot', () => {
  const other = (record: object) => JSON.stringify({ ...record, name: 'other' })
  const cases: [string, (record: object) => string | Uint8Array][] = [
    ['is empty', () => ''],
    ['is garbage', () => new Uint8Array([0, 255, 1, 254])],
    ['is cut off', (record) => JSON.stringify(record).slice(0, 40)],
    ['has another schema', () => '{"version":2,"slots":[]}'],
    ['has a state that there is not', (record) => JSON.stringify({ ...record, state: 'dreaming' })],
    ['is that of another slot', other],
    ['is null', () => 'null'],
  ]
  test.each(cases)('because it %s: the slot starts as offline and works', async (_, spoil) => {
    const daemon = await daemonWithSlot()
    const record = readState(daemon.root)?.record
    if (record === undefined) throw new Error('no record')
    await daemon.kill()
    writeFileSync(stateFile(daemon.root), spoil(record))
    await daemon.launch()
    expect(await daemon.state()).toMatchObject({ name: slotName, state: 'offline', error: null })
    expect(daemon.stderr).toContain('state.json')
    await daemon.load()
    expect(readState(daemon.root)?.record).toMatchObject({ name: slotName, state: 'ready' })
  })
})

test('a state.json that cannot be read leaves a daemon that says so, and the backend alive', async () => {
  const daemon = await daemonWithSlot()
  const pid = await daemon.load()
  await daemon.kill()
  rmSync(stateFile(daemon.root))
  mkdirSync(stateFile(daemon.root))
  await daemon.launch()
  expect((await daemon.call('GET', '/api/slots')).status).toBe(200)
  expect((await daemon.status()).problems.join()).toContain(stateFile(daemon.root))
  expect(daemon.backends()).toContain(pid)
})

test('a decision log with anything in it costs what stood there, and goes on', async () => {
  const daemon = await daemonWithSlot()
  await daemon.load()
  await daemon.chat()
  expect((await daemon.must<Decision[]>('GET', '/api/logs/decisions')).length).toBe(1)
  await daemon.kill()
  const folder = join(dataFolder(daemon), 'decisions')
  const [file = ''] = readdirSync(folder)
  writeFileSync(join(folder, file), '{"id":"garbage"}\n'.repeat(100))
  await daemon.launch()
  expect((await daemon.chat()).status).toBe(200)
  expect((await daemon.must<Decision[]>('GET', '/api/logs/decisions')).length).toBe(1)
  expect((await daemon.status()).problems).toEqual([])
})

describe('folders that may not be written to', () => {
  permissionTest('a data folder at start ends the daemon with a sentence', async () => {
    const daemon = await Daemon.prepare()
    const folder = dataFolder(daemon)
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o555)
    const failure = await daemon.launch(asOrdinary).catch((error: Error) => error.message)
    expect(failure).toContain('did not come up (1)')
    expect(daemon.stderr).toContain(folder)
    expect(daemon.stderr).toContain('Check its owner and mode')
    expect(daemon.stderr.trim().split('\n').length).toBe(1)
  })

  permissionTest('a models folder leaves what there is usable, and refuses an import', async () => {
    const daemon = await daemonWithSlot()
    await daemon.kill()
    const folder = join(dataFolder(daemon), 'models')
    mkdirSync(join(folder, '.import-0123456789abcdef'))
    chmodSync(folder, 0o555)
    await daemon.launch(asOrdinary)
    expect((await daemon.status()).problems.join()).toContain(folder)
    const refused = await daemon.call('POST', '/api/models', { path: await tinyModel('embedding') })
    expect(errorOf(refused).code).toBe('storage.failed')
    await daemon.load()
    chmodSync(folder, 0o755)
  })

  permissionTest('a slot folder refuses the load with a sentence, and the daemon goes on', async () => {
    const daemon = await daemonWithSlot()
    await daemon.kill()
    const folder = join(stateFile(daemon.root), '..')
    chmodSync(folder, 0o555)
    await daemon.launch(asOrdinary)
    const refused = await daemon.command(slotName, 'load')
    expect(errorOf(refused).code).toBe('storage.failed')
    expect(errorOf(refused).message).toContain('Check its owner and mode')
    expect((await daemon.call('GET', '/v1/models')).status).toBe(200)
    expect((await daemon.status()).problems.join()).toContain(folder)
    chmodSync(folder, 0o755)
    await daemon.load()
    expect((await daemon.status()).problems).toEqual([])
  })

  permissionTest('the configuration folder refuses an edit and a slot, and what there is works', async () => {
    const daemon = await daemonWithSlot()
    await daemon.kill()
    const folder = join(daemon.root, 'etc/hal0/slots')
    chmodSync(folder, 0o555)
    await daemon.launch(asOrdinary)
    for (const answer of [
      await daemon.call('PATCH', slotPath, { context_size: 512 }),
      await daemon.call('POST', '/api/slots', { name: 'second' }),
    ]) {
      expect(errorOf(answer).code).toBe('storage.failed')
      expect(errorOf(answer).message).toContain('Check its owner and mode')
    }
    expect((await daemon.must<Slot>('GET', slotPath)).config.context_size).toBeNull()
    await daemon.load()
    chmodSync(folder, 0o755)
  })
})
