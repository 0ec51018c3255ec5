/** Slots' files that people add, change and remove by hand. */
import { describe, expect, test } from 'bun:test'
import type { SlotRecord } from '../../../src/contract/slot.ts'
import type { StoredConfig } from '../../../src/slots/config/sections.ts'
import { codeOf, during, openHost } from '../support/manager-host.ts'
import { type SimulatedHost, wellBehaved } from '../support/simulated-host.ts'

describe('a slot whose configuration file is gone', () => {
  const loadedHost = async (): Promise<SimulatedHost> => {
    const host = await openHost()
    for (const name of ['one', 'two']) {
      await host.manager.create({ name, model: 'a' })
      await during(host, 100, host.manager.command(name, { do: 'load' }, 5))
    }
    return host
  }

  test('while no daemon ran keeps its backend, serves, and says what is missing', async () => {
    const host = await loadedHost()
    const [process] = host.processesOf('one')
    host.killDaemon()
    host.configs.delete('one')
    await during(host, 5000, host.startDaemon())
    expect(host.processesOf('one')).toEqual([process as NonNullable<typeof process>])
    expect(host.record('one')).toMatchObject({ state: 'ready', model: 'a', port: 8081 })
    expect((await host.manager.acquire('one', new AbortController())).origin).toBe('http://127.0.0.1:8081')
    expect(host.manager.problems()).toEqual([expect.stringContaining('configuration file of slot one is gone')])
  })

  test('cannot be loaded again, and is forgotten once nothing of it runs', async () => {
    const host = await loadedHost()
    host.editByHand('one', null)
    await host.clock.advance(5000)
    expect(host.record('one').state).toBe('ready')
    expect(await codeOf(host.manager.command('one', { do: 'restart' }, 5))).toBe('config.invalid')
    expect(host.record('one').state).toBe('ready')
    await during(host, 100, host.manager.command('one', { do: 'unload' }, 5))
    host.editByHand('two', {})
    await host.clock.advance(5000)
    expect((await host.manager.list()).map(({ config }) => config.name)).toEqual(['two'])
    expect(host.manager.problems()).toEqual([])
  })

  test('with the whole folder keeps its backend, and so do all others', async () => {
    const host = await loadedHost()
    host.killDaemon()
    host.configFolder = 'missing'
    await during(host, 5000, host.startDaemon())
    for (const name of ['one', 'two']) expect(host.record(name).state).toBe('ready')
    expect(host.manager.problems()[0]).toContain('/etc/hal0/slots, is missing')
    expect((await host.manager.list()).map(({ config }) => config.name)).toEqual(['one', 'two'])
    host.configFolder = 'there'
    host.editByHand('one', {})
    await host.clock.advance(100)
    expect(host.manager.problems()).toEqual([])
  })

  test('is not started again by a load during which the last daemon was killed', async () => {
    const host = await openHost()
    host.behaviour = { ...wellBehaved, spawn: 'hangs' }
    await host.manager.create({ name: 'one', model: 'a' })
    await host.manager.command('one', { do: 'load' }, null)
    host.killDaemon()
    host.configs.delete('one')
    await during(host, 5000, host.startDaemon())
    expect(host.processesOf('one')).toEqual([])
    expect(await codeOf(host.manager.show('one'))).toBe('slot.not_found')
  })
})

describe('a hand edit', () => {
  test('of the model counts at the next load that a request begins', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a', load: 'on-demand' })
    host.configs.set('one', { ...(host.configs.get('one') as StoredConfig), model: 'b' })
    await during(host, 500, Promise.resolve(host.manager.acquire('one', new AbortController())))
    expect(host.record('one')).toMatchObject({ model: 'b' })
  })

  test('of rules, profiles or capture counts at once, also for a loaded slot', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    const params = { default: { temperature: 0.2 }, fixed: {}, remove: ['top_k'] }
    for (const changes of [{ params }, { profiles: { deep: params } }, { capture: true }]) {
      host.editByHand('one', changes)
      await host.clock.advance(100)
    }
    const [view] = host.manager.views()
    expect(view).toMatchObject({ state: 'ready', capture: true, rules: { params, profiles: { deep: params } } })
  })

  test('with a key that hal0 does not know is a problem, which goes with it, and holds nothing up', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    host.editByHand('one', { oddities: ['x in [llama_cpp], which hal0 does not know.'] })
    await host.clock.advance(100)
    expect(host.manager.problems()).toEqual(['The file of slot one has x in [llama_cpp], which hal0 does not know.'])
    expect((await host.manager.show('one')).config).not.toHaveProperty('oddities')
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    host.editByHand('one', { oddities: [] })
    await host.clock.advance(100)
    expect(host.manager.problems()).toEqual([])
  })

  test('that turns capture off says that what was kept is to go', async () => {
    const host = await openHost()
    const uncaptured: string[] = []
    host.manager.signals.subscribe((signal) => signal.kind === 'uncaptured' && uncaptured.push(signal.name))
    await host.manager.create({ name: 'one', model: 'a', capture: true })
    host.editByHand('one', { aliases: ['x'] })
    await host.clock.advance(100)
    expect(uncaptured).toEqual([])
    host.editByHand('one', { capture: false })
    await host.clock.advance(100)
    expect(uncaptured).toEqual(['one'])
    await host.manager.edit('one', { capture: true })
    await host.manager.edit('one', { capture: false })
    expect(uncaptured).toEqual(['one', 'one'])
  })

  test('that makes a file makes a slot, with a port, and an event', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    host.editByHand('two', { model: 'b' })
    await host.clock.advance(100)
    expect(host.configs.get('two')?.port).toBe(8082)
    expect(host.announced.map(({ json }) => (JSON.parse(json) as SlotRecord).name)).toEqual(['one', 'two'])
    expect(await codeOf(host.manager.create({ name: 'two' }))).toBe('slot.exists')
    expect((await host.manager.list()).map(({ config }) => config.name)).toEqual(['one', 'two'])
  })

  test('that removes the file of an offline slot removes the slot, unless the file comes back at once', async () => {
    const host = await openHost()
    for (const name of ['one', 'two', 'three']) await host.manager.create({ name, model: 'a' })
    const gone: string[] = []
    host.manager.signals.subscribe((signal) => signal.kind === 'deleted' && gone.push(signal.name))
    for (const name of ['one', 'two']) host.editByHand(name, null)
    await host.clock.advance(300)
    host.editByHand('two', { model: 'b' })
    await host.clock.advance(2000)
    expect(gone).toEqual(['one'])
    expect((await host.manager.list()).map(({ config }) => config.name)).toEqual(['three', 'two'])
    // The same file again is the same slot, with its history.
    host.editByHand('one', { model: 'a' })
    await host.clock.advance(2000)
    expect((await host.manager.show('one')).state).toMatchObject({ name: 'one', state: 'offline', seq: 0 })
    expect(host.announced.map(({ json }) => (JSON.parse(json) as SlotRecord).name).at(-1)).toBe('one')
  })
})
