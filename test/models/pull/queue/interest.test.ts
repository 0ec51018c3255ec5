/** Who wants a pull, over restarts of the daemon. */
import { expect, test } from 'bun:test'
import { World } from './fixture.ts'

test('a pull that only a slot wants ends when the slot leaves it, also after a restart', async () => {
  const world = new World()
  await (await world.start(0)).ask('a', 'primary')
  const second = await world.start(0)
  await second.queue.leave('a', 'primary')
  expect([second.phase('a'), world.records()]).toEqual(['cancelled', []])
})

test('a person who asked for it as well keeps it, also after a restart', async () => {
  const world = new World()
  const first = await world.start(0)
  await first.ask('a', 'primary')
  await first.ask('a')
  expect(world.record('a').by).toEqual(['primary', '*'])
  const second = await world.start(0)
  await second.queue.leave('a', 'primary')
  expect([second.queue.isActive('a'), world.record('a').by]).toEqual([true, ['*']])
})

test('a slot that does not wait for it any more after the restart has left it', async () => {
  const world = new World()
  const first = await world.start(0)
  await first.ask('a', 'gone')
  await first.ask('b', 'gone')
  await first.ask('b', 'primary')
  await first.ask('c', '*')
  const second = await world.start(0)
  await second.queue.forsake((slot) => slot === 'primary')
  expect(['a', 'b', 'c'].map((id) => second.queue.isActive(id))).toEqual([false, true, true])
  expect(world.record('b').by).toEqual(['primary'])
})
