/** Files and folders that are not as a daemon left them: it starts all the same, or says in a sentence why it cannot. */
import { describe, expect, test } from 'bun:test'
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Decision } from '../../src/contract/logs/decision.ts'
import type { Slot } from '../../src/contract/slot-config.ts'
import { findPaths } from '../../src/system/paths.ts'
import { Daemon, errorOf } from '../support/daemon.ts'
import { makePipe } from '../support/make-pipe.ts'
import { testWith } from '../support/part.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { until } from '../support/until.ts'
import { readState, stateFile } from './disk.ts'
import { daemonWithSlot, slotPath } from './fixture.ts'
import { slotName } from './life.ts'

/** Root may write everywhere, unless it gives up that right. */
const isRoot = process.getuid?.() === 0
const asOrdinary = isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []
const permissionTest = testWith('setpriv, as this runs as root', !isRoot || Bun.which('setpriv') !== null)

const dataFolder = (daemon: Daemon) => findPaths({ HAL0_ROOT: daemon.root }, false).data

/** What may lie in place of a slot's state.json. The path is free when it is called. */
type Spoil = (path: string, record: Record<string, unknown>) => void

const text =
  (make: (record: Record<string, unknown>) => string | Uint8Array): Spoil =>
  (path, record) =>
    writeFileSync(path, make(record))

const spoils: [string, Spoil][] = [
  ['is empty', text(() => '')],
  ['is garbage', text(() => new Uint8Array([0, 255, 1, 254]))],
  ['is cut off', text((record) => JSON.stringify(record).slice(0, 40))],
  ['has another schema', text(() => '{"version":2,"slots":[]}')],
  ['has an unknown state', text((record) => JSON.stringify({ ...record, state: 'dreaming' }))],
  ['is that of another slot', text((record) => JSON.stringify({ ...record, name: 'other' }))],
  ['is null', text(() => 'null')],
  ['nests without end', text(() => '['.repeat(1_000_000))],
  ['holds a NUL byte', text((record) => `${JSON.stringify(record)}\0`)],
  [
    'is a gigabyte long',
    (path) => {
      writeFileSync(path, '')
      truncateSync(path, 1 << 30)
    },
  ],
  [
    'is a link',
    (path, record) => {
      writeFileSync(`${path}.elsewhere`, JSON.stringify({ ...record, name: 'other' }))
      symlinkSync(`${path}.elsewhere`, path)
    },
  ],
  ['is a link to itself', (path) => symlinkSync(path, path)],
  ['is a folder', (path) => mkdirSync(path)],
  ['is a folder that holds something', (path) => mkdirSync(join(path, 'deeper'), { recursive: true })],
  ['is a pipe', makePipe],
]

describe('a state.json that is not a record of the slot', () => {
  test.each(spoils)('because it %s: the slot starts as offline and works', async (_, spoil) => {
    const daemon = await daemonWithSlot()
    const record = readState(daemon.root)?.record
    if (record === undefined) throw new Error('no record')
    await daemon.kill()
    rmSync(stateFile(daemon.root))
    spoil(stateFile(daemon.root), record)
    await daemon.launch()
    expect(await daemon.state()).toMatchObject({ name: slotName, state: 'offline', error: null })
    expect(daemon.stderr).toContain('state.json')
    await daemon.load()
    expect(readState(daemon.root)?.record).toMatchObject({ name: slotName, state: 'ready' })
  })

  test.each(spoils)('because it %s: the running backend is taken over, the damage reported', async (_, spoil) => {
    const daemon = await daemonWithSlot()
    const pid = await daemon.load()
    const before = readState(daemon.root)?.record
    if (before === undefined) throw new Error('no record')
    await daemon.kill()
    rmSync(stateFile(daemon.root))
    spoil(stateFile(daemon.root), before)
    await daemon.launch()
    // Joins the load, which is how a process is taken over.
    expect(await daemon.load()).toBe(pid)
    const state = await daemon.state()
    expect(state).toMatchObject({ state: 'ready', model: before.model, port: before.port })
    expect(state.seq).toBeGreaterThan(before.seq)
    expect(readState(daemon.root)?.record).toEqual(state)
    const [problem = ''] = (await daemon.status()).problems
    const aside = /\S+\.damaged-\d+/.exec(problem)?.[0] ?? ''
    expect(problem).toContain('damaged')
    expect(lstatSync(aside)).toBeDefined()
    expect((await daemon.chat()).status).toBe(200)
    // The damaged file is of no more use: somebody removes it, and the problem is over.
    rmSync(aside, { recursive: true })
    expect((await daemon.status()).problems).toEqual([])
    expect((await daemon.command(slotName, 'unload')).body.state.state).toBe('offline')
    expect(daemon.backends()).not.toContain(pid)
  })

  test('because it is gone: the running backend is taken over', async () => {
    const daemon = await daemonWithSlot()
    const pid = await daemon.load()
    const before = readState(daemon.root)?.record.seq ?? 0
    await daemon.kill()
    rmSync(stateFile(daemon.root))
    await daemon.launch()
    expect(await daemon.load()).toBe(pid)
    expect((await daemon.state()).seq).toBeGreaterThan(before)
  })

  test('because its configuration was damaged too: the backend is taken over with what it was started with', async () => {
    const daemon = await daemonWithSlot()
    const pid = await daemon.load()
    const { model, port } = await daemon.state()
    await daemon.kill()
    writeFileSync(stateFile(daemon.root), '')
    writeFileSync(join(daemon.root, 'etc/hal0/slots', `${slotName}.toml`), 'model = = "tiny"\n')
    await daemon.launch()
    await until('the backend is ready', () => readState(daemon.root)?.record.state === 'ready')
    expect(await daemon.state()).toMatchObject({ pid, model, port })
    expect((await daemon.chat()).status).toBe(200)
    expect((await daemon.status()).problems.join()).toContain(`${slotName}.toml is not valid TOML, line 1`)
  })

  test('because a newer hal0 wrote more into it: it counts', async () => {
    const daemon = await daemonWithSlot()
    const pid = await daemon.load()
    const before = readState(daemon.root)?.record
    await daemon.kill()
    writeFileSync(stateFile(daemon.root), JSON.stringify({ ...before, mood: 'good' }))
    await daemon.launch()
    expect(await daemon.state()).toMatchObject({ pid, state: 'ready', seq: before?.seq })
    expect((await daemon.status()).problems).toEqual([])
  })
})

test('a folder in place of state.json while the daemon runs is moved away by the next transition', async () => {
  const daemon = await daemonWithSlot()
  const pid = await daemon.load()
  rmSync(stateFile(daemon.root))
  mkdirSync(stateFile(daemon.root))
  expect((await daemon.command(slotName, 'unload')).body.state.state).toBe('offline')
  expect(daemon.backends()).not.toContain(pid)
  expect(readState(daemon.root)?.record.state).toBe('offline')
})

test('a database with garbage in it is moved aside, which is told, and the log begins anew', async () => {
  const daemon = await daemonWithSlot()
  await daemon.load()
  await daemon.chat()
  expect((await daemon.must<Decision[]>('GET', '/api/logs/decisions')).length).toBe(1)
  await daemon.kill()
  const path = join(dataFolder(daemon), 'hal0.db')
  for (const name of readdirSync(dataFolder(daemon)))
    if (name.startsWith('hal0.db-')) rmSync(join(dataFolder(daemon), name))
  writeFileSync(path, 'garbage '.repeat(1000))
  await daemon.launch()
  expect((await daemon.chat()).status).toBe(200)
  expect((await daemon.must<Decision[]>('GET', '/api/logs/decisions')).length).toBe(1)
  expect((await daemon.status()).problems).toEqual([expect.stringContaining(`${path} was damaged, and is `)])
})

describe('what is in place of', () => {
  const configOf = (daemon: Daemon) => findPaths({ HAL0_ROOT: daemon.root }, false).config

  for (const [what, make] of [
    ['a pipe', makePipe],
    ['a folder', (path: string) => mkdirSync(path)],
  ] as const) {
    test(`the hub's token, ${what}, is a problem with its remedy until it is gone`, async () => {
      const daemon = await Daemon.prepare()
      const path = join(configOf(daemon), 'hf-token')
      mkdirSync(configOf(daemon), { recursive: true })
      make(path)
      await daemon.launch()
      expect((await daemon.status()).problems).toEqual([
        expect.stringContaining(`${path} is not a regular file. Remove it, then give`),
      ])
      rmSync(path, { recursive: true })
      expect((await daemon.status()).problems).toEqual([])
    })

    test(`hal0.toml, ${what}, ends the daemon with a sentence instead of holding it up`, async () => {
      const daemon = await Daemon.prepare()
      mkdirSync(configOf(daemon), { recursive: true })
      rmSync(join(configOf(daemon), 'hal0.toml'), { force: true })
      make(join(configOf(daemon), 'hal0.toml'))
      const failure = await daemon.launch().catch((error: Error) => error.message)
      expect(failure).toContain('did not come up (1)')
      expect(daemon.stderr).toContain(`hal0.toml is ${what === 'a pipe' ? 'a named pipe' : what}. Move it away`)
    })
  }

  test('the folder of the engines, a file, is a problem with its remedy until it is gone', async () => {
    const daemon = await Daemon.prepare()
    const path = join(dataFolder(daemon), 'engines')
    mkdirSync(dataFolder(daemon), { recursive: true })
    writeFileSync(path, '')
    await daemon.launch()
    expect((await daemon.status()).problems).toEqual([expect.stringContaining(`${path} is not a folder`)])
    rmSync(path)
    expect((await daemon.status()).problems).toEqual([])
  })

  test('the configuration of a slot, a folder, does not prevent the slot’s deletion, and stays with what is in it', async () => {
    const daemon = await daemonWithSlot()
    const path = join(configOf(daemon), 'slots', `${slotName}.toml`)
    rmSync(path)
    mkdirSync(join(path, 'mine'), { recursive: true })
    expect(await daemon.call('DELETE', slotPath)).toMatchObject({ status: 204 })
    expect(await daemon.must('GET', '/api/slots')).toEqual([])
    const folder = dirname(path)
    const [aside = ''] = readdirSync(folder).filter((name) => name.includes('.damaged-'))
    expect(readdirSync(join(folder, aside))).toEqual(['mine'])
    expect(readdirSync(folder)).toEqual([aside])
  })
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

  permissionTest('a models folder leaves existing models usable, and refuses an import', async () => {
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

  permissionTest('a slot folder refuses the load with a sentence, and the daemon keeps running', async () => {
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

  permissionTest('the configuration folder refuses an edit and a new slot, and existing slots work', async () => {
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
