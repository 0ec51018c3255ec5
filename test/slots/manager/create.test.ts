/** Creating slots: names, ports and aliases. */
import { describe, expect, test } from 'bun:test'
import { codeOf, during, openHost, statesOf } from '../support/manager-host.ts'

describe('creating a slot', () => {
  test('gives it the lowest free port and a durable offline record', async () => {
    const host = await openHost()
    const one = await host.manager.create({ name: 'one', model: 'a' })
    const two = await host.manager.create({ name: 'two', model: 'a' })
    expect([one.config.port, two.config.port]).toEqual([8081, 8082])
    expect(host.record('one')).toMatchObject({ state: 'offline', seq: 0, port: 8081, unit: 'hal0-slot@one.service' })
  })
  test('gives a port that became free again', async () => {
    const host = await openHost()
    for (const name of ['one', 'two', 'three']) await host.manager.create({ name, model: 'a' })
    await host.manager.delete('two')
    expect((await host.manager.create({ name: 'four', model: 'a' })).config.port).toBe(8082)
  })
  test('many at one time gives each its own port', async () => {
    const host = await openHost()
    const names = Array.from({ length: 19 }, (_, i) => `slot-${i}`)
    const slots = await Promise.all(names.map((name) => host.manager.create({ name, model: 'a' })))
    expect(new Set(slots.map(({ config }) => config.port)).size).toBe(19)
    expect(await codeOf(host.manager.create({ name: 'one-more' }))).toBe('slot.no_port')
  })
  test('refuses a name that is taken, even to two requests at once', async () => {
    const host = await openHost()
    const both = await Promise.allSettled([host.manager.create({ name: 'one' }), host.manager.create({ name: 'one' })])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await codeOf(host.manager.create({ name: 'one' }))).toBe('slot.exists')
  })
  test('two simultaneous edits that ask for one port do not both get it', async () => {
    const host = await openHost()
    for (const name of ['one', 'two']) await host.manager.create({ name, model: 'a' })
    const both = await Promise.all(['one', 'two'].map((name) => codeOf(host.manager.edit(name, { port: 8090 }))))
    expect(both).toEqual(['no error', 'slot.port_in_use'])
  })
  test('refuses a port of another slot and one outside the range', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one' })
    expect(await codeOf(host.manager.create({ name: 'two', port: 8081 }))).toBe('slot.port_in_use')
    expect(await codeOf(host.manager.create({ name: 'two', port: 80 }))).toBe('request.invalid')
  })
})

describe('what two slots must not both have', () => {
  test('an alias that is the name or the model of another slot is refused', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a', aliases: ['own'] })
    for (const alias of ['one', 'a']) {
      expect(await codeOf(host.manager.create({ name: 'two', aliases: [alias] }))).toBe('request.invalid')
    }
    await host.manager.create({ name: 'two', model: 'b', aliases: ['own', 'b', 'two'] })
    expect(await codeOf(host.manager.edit('two', { aliases: ['one'] }))).toBe('request.invalid')
    expect(await codeOf(host.manager.create({ name: 'own' }))).toBe('request.invalid')
    expect(host.manager.problems()).toEqual([])
  })

  test('an alias that reads like a profile is refused, whichever comes second and whoever has it', async () => {
    const host = await openHost()
    const deep = { fixed: { a: 1 } }
    await host.manager.create({ name: 'one', model: 'a', aliases: ['own'], profiles: { deep } })
    for (const alias of ['one:deep', 'a:deep', 'own:deep']) {
      expect(await codeOf(host.manager.create({ name: 'two', aliases: [alias] }))).toBe('request.invalid')
      expect(await codeOf(host.manager.edit('one', { aliases: ['own', alias] }))).toBe('request.invalid')
    }
    await host.manager.create({ name: 'two', model: 'b', aliases: ['one:fast', 'llama3:8b'] })
    const refused = host.manager.edit('one', { profiles: { fast: deep } })
    expect(refused).rejects.toThrow('The alias "one:fast" of slot two means the profile fast of slot one, too.')
    expect(await codeOf(refused)).toBe('request.invalid')
    expect((await host.manager.show('one')).config.profiles).toEqual({
      deep: { default: {}, fixed: { a: 1 }, remove: [] },
    })
    host.editByHand('two', { aliases: ['one:deep'] })
    await host.clock.advance(100)
    expect(host.manager.problems()).toEqual([
      'Slot two has the alias "one:deep", which means the profile deep of slot one, too: no request finds the profile by it. Choose another name for one of them.',
    ])
  })
  test('an alias or a port that the files give to two slots is a problem that names both, and only one of them loads', async () => {
    const host = await openHost()
    for (const name of ['one', 'two']) await host.manager.create({ name, model: 'a' })
    host.editByHand('two', { port: 8081, aliases: ['one'] })
    await host.clock.advance(100)
    expect(host.manager.problems()).toEqual([
      expect.stringContaining('Slots one and two both have port 8081'),
      expect.stringContaining('Slot two has the alias "one", which is the name of another slot'),
    ])
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    expect(await codeOf(host.manager.command('two', { do: 'load' }, 5))).toBe('slot.port_in_use')
    expect(statesOf(host, 'two')).toEqual(['offline'])
    await during(host, 200, host.manager.command('one', { do: 'restart' }, 5))
    await during(host, 100, host.manager.command('one', { do: 'unload' }, 5))
    await during(host, 100, host.manager.command('two', { do: 'load' }, 5))
    expect(host.record('two')).toMatchObject({ state: 'ready', port: 8081 })
  })

  test('a port on which a backend still runs is given to no other slot', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    await host.manager.edit('one', { port: 8090 })
    expect(await codeOf(host.manager.create({ name: 'two', port: 8081 }))).toBe('slot.port_in_use')
    expect((await host.manager.create({ name: 'three' })).config.port).toBe(8082)
  })
})

test('a slot cannot have a name that the API uses itself', async () => {
  const host = await openHost()
  expect(await codeOf(host.manager.create({ name: 'events' }))).toBe('request.invalid')
})
