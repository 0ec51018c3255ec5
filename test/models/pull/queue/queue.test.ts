/** The order of pulls, and what of it the next daemon finds. */
import { expect, test } from 'bun:test'
import { isUnderWay } from '../../../../src/contract/models/pull-phase.ts'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import { until } from '../../../support/until.ts'
import { requestOf, World } from './fixture.ts'

const ids = ['a', 'b', 'c', 'd', 'e']

test('a pull is on the disk before it is accepted, with what was asked for', async () => {
  const world = new World()
  const life = await world.start()
  expect(await life.ask('a')).toMatchObject({ id: 'a', request: requestOf('a'), phase: 'resolving' })
  expect(world.record('a')).toMatchObject({ id: 'a', request: requestOf('a'), by: ['*'] })
})

test('two run at one time, the others wait in their order and are told their place', async () => {
  const world = new World()
  const life = await world.start()
  for (const id of ids) await life.ask(id)
  expect(life.waiting()).toEqual(['c', 'd', 'e'])
  await life.finish('b')
  await until('c begins', () => world.begun.includes('c'))
  expect([life.waiting(), world.turns]).toEqual([
    ['d', 'e'],
    ['a', 'b', 'c'],
  ])
  const places = life.events.filter(({ id, position }) => id === 'e' && position !== null)
  expect(places.map(({ position }) => position)).toEqual([3, 2])
})

test('a daemon that is killed leaves its pulls to the next one, in their order, whatever order they are found in', async () => {
  const world = new World()
  const first = await world.start()
  for (const id of ['e', 'c', 'a', 'd', 'b']) await first.ask(id)
  await first.finish('e')
  await until('the next one has begun', () => world.begun.length === 3)
  world.turns.length = 0
  const second = await world.start()
  expect([world.turns, second.waiting()]).toEqual([
    ['c', 'a'],
    ['d', 'b'],
  ])
})

test('the order is kept over two restarts, with what is asked for between them at the end', async () => {
  const world = new World()
  const first = await world.start(0)
  for (const id of ['d', 'b']) await first.ask(id)
  const second = await world.start(0)
  await second.ask('a')
  expect((await world.start(0)).waiting()).toEqual(['d', 'b', 'a'])
})

test('a daemon that stops leaves all of its pulls to the next one', async () => {
  const world = new World()
  const first = await world.start()
  for (const id of ids) await first.ask(id)
  await until('two have begun', () => world.begun.length === 2)
  await first.queue.close()
  expect(world.records().sort()).toEqual(ids)
  expect(world.begun.length).toBe(2)
  expect((await world.start(0)).waiting()).toEqual(ids)
})

for (const end of ['done', 'failed', 'cancelled'] as const) {
  test(`a pull that is ${end} leaves nothing that starts it again`, async () => {
    const world = new World()
    const life = await world.start()
    await life.ask('a')
    if (end === 'cancelled') await life.queue.cancel('a', false)
    else await life.finish('a', end === 'failed' ? new Hal0Error('pull.network', 'The hub is gone.') : undefined)
    expect([life.phase('a'), world.records()]).toEqual([end, []])
    expect((await world.start()).queue.list()).toEqual([])
  })
}

test('a failed pull lets the next one begin', async () => {
  const world = new World()
  const life = await world.start(1)
  for (const id of ['a', 'b']) await life.ask(id)
  await life.finish('a', new Hal0Error('pull.network', 'The hub is gone.'))
  await until('b begins', () => world.begun.includes('b'))
  expect([life.phase('a'), life.phase('b')]).toEqual(['failed', 'downloading'])
})

test('one that waits is cancelled at once, and never begins', async () => {
  const world = new World()
  const life = await world.start(1)
  for (const id of ['a', 'b', 'c']) await life.ask(id)
  expect(await life.queue.cancel('b', true)).toMatchObject({ phase: 'cancelled', position: null })
  expect(life.waiting()).toEqual(['c'])
  await life.finish('a')
  await until('c begins', () => world.begun.includes('c'))
  expect(world.turns).toEqual(['a', 'c'])
})

test('the same pull asked for twice at once is one, and both are told when it is on the disk', async () => {
  const world = new World()
  const life = await world.start()
  const both = await Promise.all([life.ask('a'), life.ask('a')])
  expect(both.map(({ id }) => id)).toEqual(['a', 'a'])
  await life.finish('a')
  expect(world.begun).toEqual(['a'])
})

test('what is cancelled just now is not joined: who asks for it again gets a pull of its own', async () => {
  const world = new World()
  const life = await world.start()
  await life.ask('a')
  await until('it begins', () => world.begun.length === 1)
  const cancelled = life.queue.cancel('a', false)
  const again = life.ask('a')
  await cancelled
  expect(isUnderWay(await again)).toBe(true)
  await life.finish('a')
  expect([life.phase('a'), world.begun]).toEqual(['done', ['a', 'a']])
  expect(world.records()).toEqual([])
})

test('one that is cancelled at the moment of its end is done or cancelled, and leaves no record', async () => {
  const world = new World()
  const life = await world.start()
  await life.ask('a')
  await until('it begins', () => world.begun.length === 1)
  const finished = life.finish('a')
  await life.queue.cancel('a', true)
  await finished
  expect(life.phase('a')).toBe(world.entries.has('a') ? 'done' : 'cancelled')
  expect(world.records()).toEqual([])
})

test('a daemon that died between the registration and the removal of the record: the next one ends it, and fetches nothing', async () => {
  const world = new World()
  const life = await world.start()
  await life.ask('a')
  await until('it is pinned', () => world.begun.length === 1)
  const record = JSON.stringify(world.record('a'))
  await life.finish('a')
  await Bun.write(`${world.folder}/.pull-a.json`, record)
  world.begun.length = 0
  const second = await world.start()
  expect([second.phase('a'), world.begun, world.records()]).toEqual(['done', [], []])
})

test('a model of another origin under the id of a waiting pull is not touched: the pull fails and says why', async () => {
  const world = new World()
  const life = await world.start()
  await life.ask('a')
  await life.finish('a')
  const entry = world.entries.get('a')
  const other = await world.start(0)
  await other.ask('b')
  if (entry !== undefined) world.entries.set('b', { ...entry, id: 'b', source: null })
  const next = await world.start()
  await until('the end of the pull', () => !next.queue.isActive('b'))
  expect(next.queue.find('b')?.snapshot()).toMatchObject({ phase: 'failed', error: { code: 'model.exists' } })
  expect(world.records()).toEqual([])
})

test('a pull brings the commit that it began with, though main has moved before the next daemon', async () => {
  const world = new World()
  await (await world.start()).ask('a')
  await until('it is pinned', () => world.begun.length === 1)
  const began = world.head
  world.head = 'd'.repeat(40)
  world.begun.length = 0
  const second = await world.start()
  await until('it goes on', () => world.begun.length === 1)
  expect([world.asked, second.queue.find('a')?.snapshot().revision]).toEqual([['main', began], began])
})

test('a commit that the hub has lost is asked for anew', async () => {
  const world = new World()
  await (await world.start()).ask('a')
  await until('it is pinned', () => world.begun.length === 1)
  world.lost.add(world.head)
  world.head = 'd'.repeat(40)
  const second = await world.start()
  await until('it goes on', () => world.begun.length === 2)
  expect(second.queue.find('a')?.snapshot().revision).toBe('d'.repeat(40))
})

test('fifty pulls come one after the other, each once, over a restart in the middle', async () => {
  const world = new World()
  const names = Array.from({ length: 50 }, (_, index) => `m${String(index).padStart(2, '0')}`)
  const first = await world.start()
  await Promise.all(names.map((id) => first.ask(id)))
  for (const id of names.slice(0, 20)) await first.finish(id)
  await until('the next two have begun', () => world.begun.length === 22)
  await first.queue.close()
  world.turns.length = 0
  const second = await world.start()
  for (const id of names.slice(20)) await second.finish(id)
  expect(world.turns).toEqual(names.slice(20))
  expect([...world.entries.keys()]).toEqual(names)
  expect(world.records()).toEqual([])
})
