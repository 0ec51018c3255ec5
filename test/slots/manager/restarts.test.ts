/** What survives a failing disk, a reboot, and a supervisor that is late. */
import { describe, expect, test } from 'bun:test'
import { codeOf, during, openHost, statesOf } from '../support/manager-host.ts'

describe('a disk that fails', () => {
  test('leaves the old state and a typed error, and the next load works', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    const before = host.disk.get('one')
    host.diskFails = true
    expect(await codeOf(host.manager.command('one', { do: 'load' }, null))).toBe('storage.full')
    expect(host.disk.get('one')).toBe(before as string)
    expect((await host.manager.show('one')).state.state).toBe('offline')
    host.diskFails = false
    const { state } = await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    expect(state.state).toBe('ready')
  })
  test('does not keep a slot from being unloaded, and the disk catches up', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    host.diskFails = true
    await during(host, 100, host.manager.command('one', { do: 'unload' }, 5))
    expect(host.processesOf('one')).toEqual([])
    expect(host.manager.problems()).toEqual(['The disk is full.'])
    host.diskFails = false
    await host.clock.advance(10_000)
    expect(host.record('one').state).toBe('offline')
    expect(host.manager.problems()).toEqual([])
  })
})

describe('a reboot of the host', () => {
  test('takes a ready slot to offline by legal transitions, and autostart loads it', async () => {
    const host = await openHost()
    for (const name of ['one', 'two']) {
      await host.manager.create({ name, model: 'a', autostart: name === 'two' })
      await during(host, 100, host.manager.command(name, { do: 'load' }, 5))
    }
    host.reboot()
    await host.startDaemon()
    await host.clock.advance(1000)
    expect(statesOf(host, 'one').slice(-2)).toEqual(['unloading', 'offline'])
    expect(statesOf(host, 'two').slice(-5)).toEqual(['unloading', 'offline', 'starting', 'warming', 'ready'])
  })
  test('a restart of the daemon alone does not load what was unloaded by hand', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a', autostart: true })
    host.killDaemon()
    await host.startDaemon()
    await host.clock.advance(1000)
    expect(host.record('one').state).toBe('offline')
  })
})

describe('a supervisor that does not answer when the daemon starts', () => {
  for (const adopting of ['fails', 'hangs'] as const) {
    test(`(it ${adopting}) keeps neither the daemon from starting nor a request from its backend`, async () => {
      const host = await openHost()
      await host.manager.create({ name: 'one', model: 'a' })
      await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
      host.killDaemon()
      host.adopting = adopting
      await during(host, 3000, host.startDaemon())
      expect(host.record('one').state).toBe('ready')
      const lease = await host.manager.acquire('one', new AbortController())
      expect(lease.origin).toBe(`http://127.0.0.1:${host.record('one').port}`)
      lease.release()
      await host.clock.advance(500)
      expect(host.record('one')).toMatchObject({ state: 'ready', pid: host.processesOf('one')[0]?.pid })
    })
  }

  test('is asked again until it does, and then its backends are watched', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    host.killDaemon()
    host.adopting = 'fails'
    await host.startDaemon()
    expect(host.manager.problems()).toEqual([expect.stringContaining('systemd did not answer')])
    host.adopting = 'ok'
    await host.clock.advance(6000)
    expect(host.manager.problems()).toEqual([])
    for (const { pid } of host.processesOf('one')) host.end(pid)
    await host.clock.advance(10)
    expect(host.record('one')).toMatchObject({ state: 'error', error: { code: 'slot.crashed' } })
  })

  test('is not believed about a slot that was loaded in the meantime', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    host.killDaemon()
    host.adopting = 'fails'
    await host.startDaemon()
    await during(host, 200, host.manager.command('one', { do: 'load' }, 5))
    host.adopting = 'ok'
    await host.clock.advance(6000)
    expect(statesOf(host, 'one').slice(-3)).toEqual(['starting', 'warming', 'ready'])
    expect(host.processesOf('one')).toHaveLength(1)
  })
})
