/** Records that somebody or something has damaged, and a disk that refuses. */
import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import { recordPath } from '../../../../src/models/pull/record/record.ts'
import { PullRecords } from '../../../../src/models/pull/record/records.ts'
import { HandClock } from '../../../support/hand-clock.ts'
import { until } from '../../../support/until.ts'
import { requestOf, World } from './fixture.ts'

const whole = JSON.stringify({ id: 'bad', place: 3, request: requestOf('bad'), by: [], pinned: null })

const damages: Record<string, (path: string) => void> = {
  'that is empty': (path) => writeFileSync(path, ''),
  'of garbage': (path) => writeFileSync(path, Buffer.from([0, 255, 128, 10, 7])),
  'of null': (path) => writeFileSync(path, 'null'),
  'that was cut': (path) => writeFileSync(path, whole.slice(0, 30)),
  'of another pull': (path) => writeFileSync(path, whole.replace('"id":"bad"', '"id":"other"')),
  'of a newer version': (path) => writeFileSync(path, whole.replace('{', '{"shards":[1],')),
  'that is endless': (path) => writeFileSync(path, whole + ' '.repeat(2 ** 20)),
  'that is a folder': (path) => mkdirSync(path),
  'that is a FIFO': (path) => expect(Bun.spawnSync(['mkfifo', path]).exitCode).toBe(0),
  'that is a link': (path) => symlinkSync('/etc/hostname', path),
}

for (const [what, damage] of Object.entries(damages)) {
  test(`a record ${what} stops no other pull, is told with its remedy, and goes with gc`, async () => {
    const world = new World()
    const before = await world.start(0)
    for (const id of ['a', 'b']) await before.ask(id)
    damage(recordPath(world.folder, 'bad'))
    const life = await world.start(0)
    expect(life.waiting()).toEqual(['a', 'b'])
    const { records } = life.queue
    expect(records.problems()).toHaveLength(1)
    expect(records.problems()[0]).toMatch(
      /\.pull-bad\.json .*The pull of bad does not continue; .*hal0 model gc --clear$/,
    )
    expect(records.damaged().map(({ id }) => id)).toEqual(['bad'])
    await records.clearDamaged()
    expect([records.problems(), existsSync(recordPath(world.folder, 'bad'))]).toEqual([[], false])
    expect(world.records().sort()).toEqual(['a', 'b'])
  })
}

test('a record whose name has no id is told as well', async () => {
  const world = new World()
  writeFileSync(join(world.folder, '.pull-No Model.json'), whole)
  const { records } = (await world.start()).queue
  expect(records.problems()[0]).toContain('its name has no model id')
})

test('a pull of an id whose record was damaged replaces it; a folder in its place is left, and named', async () => {
  const world = new World()
  writeFileSync(recordPath(world.folder, 'a'), 'garbage')
  mkdirSync(recordPath(world.folder, 'b'))
  const life = await world.start()
  await life.ask('a')
  expect(life.queue.records.damaged().map(({ id }) => id)).toEqual(['b'])
  const refused = await life.ask('b').catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(Hal0Error)
  expect((refused as Hal0Error).message).toContain('.pull-b.json is a folder that is in the way')
  expect(life.queue.find('b')).toBeNull()
})

test('a record of the version before, the request alone, is gone on with', async () => {
  const world = new World()
  writeFileSync(recordPath(world.folder, 'b'), JSON.stringify(requestOf('b')))
  const before = await world.start(0)
  await before.ask('a')
  expect((await world.start(0)).waiting()).toEqual(['b', 'a'])
})

test('a pull whose record cannot be written is no pull, and what was there before stays', async () => {
  const world = new World()
  const life = await world.start()
  await life.ask('a')
  await life.queue.cancel('a', false)
  renameSync(world.folder, `${world.folder}.away`)
  writeFileSync(world.folder, '')
  const refused = await life.ask('a').catch((error: unknown) => error)
  unlinkSync(world.folder)
  renameSync(`${world.folder}.away`, world.folder)
  expect((refused as Hal0Error).code).toBe('storage.failed')
  expect(life.phase('a')).toBe('cancelled')
  expect((await world.start()).queue.list()).toEqual([])
})

test('a pull of a slot whose record cannot be written fails, and the slot hears why', async () => {
  const world = new World()
  const life = await world.start()
  mkdirSync(`${world.folder}.away`)
  renameSync(world.folder, `${world.folder}.away/models`)
  writeFileSync(world.folder, '')
  await life.ask('a', 'primary').catch(() => null)
  await until('the slot hears', () => life.events.length > 0)
  expect(life.events.map(({ phase, error }) => [phase, error?.code])).toEqual([['failed', 'storage.failed']])
  expect(world.turns).toEqual([])
})

test('a record that cannot be removed is a problem until it can be', async () => {
  const world = new World()
  const clock = new HandClock()
  const records = new PullRecords(world.folder, clock)
  await records.open()
  await records.accept('a', records.nextPlace(), requestOf('a'), ['*'])
  // A folder cannot be unlinked, whoever asks.
  Bun.spawnSync(['rm', recordPath(world.folder, 'a')])
  mkdirSync(recordPath(world.folder, 'a'))
  await records.forget('a')
  expect(records.problems()[0]).toContain('The pull of a has ended, but its record could not be removed')
  Bun.spawnSync(['rmdir', recordPath(world.folder, 'a')])
  clock.advance(10_000)
  await until('it is gone', () => records.problems().length === 0)
  records.close()
})
