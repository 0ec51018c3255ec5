/** Commands: what a caller who waits gets, what is announced meanwhile, and stops. */
import { describe, expect, test } from 'bun:test'
import type { SlotRecord } from '../../../src/contract/slot.ts'
import { codeOf, during, openHost, statesOf } from '../support/manager-host.ts'
import { wellBehaved } from '../support/simulated-host.ts'

describe('waiting for a command', () => {
  test('answers with the slot once it is ready, and the disk says the same', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    const { state } = await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    expect(state.state).toBe('ready')
    expect(host.record('one')).toEqual(state)
    expect(statesOf(host, 'one')).toEqual(['offline', 'starting', 'warming', 'ready'])
  })
  test('ends with the error of a load that fails', async () => {
    const host = await openHost()
    host.behaviour = { ...wellBehaved, spawn: 'fails' }
    await host.manager.create({ name: 'one', model: 'a' })
    expect(await codeOf(during(host, 100, host.manager.command('one', { do: 'load' }, 5)))).toBe('slot.spawn_failed')
  })
  test('ends with slot.warming when the time is up, and the load continues', async () => {
    const host = await openHost()
    host.behaviour = { ...wellBehaved, readyAfter: 3000 }
    await host.manager.create({ name: 'one', model: 'a' })
    expect(await codeOf(during(host, 1500, host.manager.command('one', { do: 'load' }, 1)))).toBe('slot.warming')
    await host.clock.advance(3000)
    expect(host.record('one').state).toBe('ready')
  })
  test('of a load that somebody cancels ends with slot.load_cancelled', async () => {
    const host = await openHost()
    host.behaviour = { ...wellBehaved, readyAfter: 3000 }
    await host.manager.create({ name: 'one', model: 'a' })
    const load = codeOf(host.manager.command('one', { do: 'load' }, 10))
    await host.clock.advance(100)
    await during(host, 100, host.manager.command('one', { do: 'cancel' }, 5))
    expect(await load).toBe('slot.load_cancelled')
    expect(statesOf(host, 'one')).toEqual(['offline', 'starting', 'warming', 'error', 'offline'])
  })
  test('a restart passes through offline and ends ready', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    const { state } = await during(host, 200, host.manager.command('one', { do: 'restart' }, 5))
    expect(state.state).toBe('ready')
    expect(statesOf(host, 'one').slice(4)).toEqual(['unloading', 'offline', 'starting', 'warming', 'ready'])
  })
  test('a swap runs the other model afterwards', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    const { state, config } = await during(host, 200, host.manager.command('one', { do: 'swap', model: 'b' }, 5))
    expect([state.state, state.model, config.model]).toEqual(['ready', 'b', 'b'])
  })
  test('a swap to a missing model changes nothing', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    expect(await codeOf(host.manager.command('one', { do: 'swap', model: 'missing' }, 5))).toBe('model.not_found')
    expect((await host.manager.show('one')).config.model).toBe('a')
    expect(host.record('one').state).toBe('ready')
  })
})

describe('a stop', () => {
  test('is not held up by a start that hangs', async () => {
    const host = await openHost()
    host.behaviour = { ...wellBehaved, spawn: 'hangs' }
    await host.manager.create({ name: 'one', model: 'a' })
    await host.manager.command('one', { do: 'load' }, null)
    await host.manager.command('one', { do: 'cancel' }, null)
    expect(host.record('one').state).toBe('error')
    await host.clock.advance(20_000)
    expect(host.record('one').state).toBe('offline')
  })
})

describe('progress', () => {
  test('is published at most four times a second while a slot loads, and not afterwards', async () => {
    const host = await openHost()
    host.behaviour = { ...wellBehaved, readyAfter: 2000 }
    await host.manager.create({ name: 'one', model: 'a' })
    const frames: string[] = []
    host.manager.signals.subscribe((signal) => signal.kind === 'progress' && frames.push(signal.progress.state))
    await during(host, 10_000, host.manager.command('one', { do: 'load' }, 5))
    expect(frames.length).toBeGreaterThanOrEqual(6)
    expect(frames.length).toBeLessThanOrEqual(9)
    expect(new Set(frames)).toEqual(new Set(['warming']))
  })
})

test('every announced record is what the disk holds at that moment', async () => {
  const host = await openHost()
  await host.manager.create({ name: 'one', model: 'a' })
  await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
  expect(host.announced.length).toBe(4)
  for (const { json, onDisk } of host.announced) expect(json).toBe(onDisk as string)
  expect(host.announced.map(({ json }) => (JSON.parse(json) as SlotRecord).seq)).toEqual([0, 1, 2, 3])
})
