/** Deleting slots. */
import { describe, expect, test } from 'bun:test'
import { codeOf, during, openHost } from '../support/manager-host.ts'

describe('deleting a slot', () => {
  test('needs it offline', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    expect(await codeOf(host.manager.delete('one'))).toBe('slot.invalid_transition')
    await during(host, 100, host.manager.command('one', { do: 'unload' }, 5))
    await host.manager.delete('one')
    expect(await codeOf(host.manager.show('one'))).toBe('slot.not_found')
    expect(host.disk.has('one')).toBe(false)
  })
})

describe('a deleted or unknown slot', () => {
  test('leaves no file behind for an edit that came at the same time', async () => {
    const host = await openHost()
    for (const order of ['edit first', 'delete first']) {
      await host.manager.create({ name: 'one', model: 'a' })
      const edit = () => codeOf(host.manager.edit('one', { context_size: 512 }))
      const remove = () => codeOf(host.manager.delete('one'))
      await Promise.all(order === 'edit first' ? [edit(), remove()] : [remove(), edit()])
      expect([order, [...host.configs.keys()]]).toEqual([order, []])
    }
  })
  test('stays as it was while its files cannot be removed', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    const told: string[] = []
    host.manager.signals.subscribe((signal) => told.push(signal.kind))
    host.folderStays = true
    expect(await codeOf(host.manager.delete('one'))).toBe('storage.failed')
    expect(told).toEqual([])
    await during(host, 3000, host.manager.command('one', { do: 'load' }, 10))
    expect(host.record('one').state).toBe('ready')
    expect(await codeOf(host.manager.delete('one'))).toBe('slot.invalid_transition')
    await during(host, 3000, host.manager.command('one', { do: 'unload' }, 10))
    host.folderStays = false
    await host.manager.delete('one')
    expect(await codeOf(host.manager.show('one'))).toBe('slot.not_found')
    expect(told.at(-1)).toBe('deleted')
  })
  test('is not written again by a record that waits for the disk, and nothing more is published about it', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    await during(host, 3000, host.manager.command('one', { do: 'load' }, 10))
    host.diskFails = true
    const told: string[] = []
    await during(host, 3000, host.manager.command('one', { do: 'unload' }, 10))
    host.manager.signals.subscribe((signal) => told.push(signal.kind))
    await host.manager.delete('one')
    host.diskFails = false
    await host.clock.advance(60_000)
    expect(host.disk.has('one')).toBe(false)
    expect(told).toEqual(['deleted'])
  })
  for (const name of ['../../etc', 'a b', '', 'UPPER', 'x'.repeat(40), '__proto__']) {
    test(`${JSON.stringify(name)} is not found`, async () => {
      const host = await openHost()
      expect(await codeOf(host.manager.show(name))).toBe('slot.not_found')
      expect(await codeOf(() => host.manager.acquire(name, new AbortController()))).toBe('slot.not_found')
    })
  }
})
