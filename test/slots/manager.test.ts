import { describe, expect, test } from 'bun:test'
import type { SlotProgress, SlotRecord } from '../../src/contract/slot.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import type { StoredConfig } from '../../src/slots/config/sections.ts'
import { SimulatedHost, wellBehaved } from './support/simulated-host.ts'

const openHost = async (): Promise<SimulatedHost> => {
  const host = new SimulatedHost()
  await host.manager.open()
  return host
}

/** The code of the Hal0Error that `work` ends in. */
const codeOf = async (work: Promise<unknown> | (() => unknown)): Promise<string> => {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    if (error instanceof Hal0Error) return error.code
    throw error
  }
  return 'no error'
}

const statesOf = (host: SimulatedHost, name: string): string[] =>
  host.written.filter((record) => record.name === name).map(({ state }) => state)

/** Awaits `work` while virtual time passes. */
const during = async <T>(host: SimulatedHost, ms: number, work: Promise<T>): Promise<T> => {
  const [outcome] = await Promise.allSettled([work, host.clock.advance(ms)])
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}

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

describe('a thundering herd', () => {
  test('of 50 requests at a cold slot starts one process, and all 50 get a place in turn', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a', load: 'on-demand', max_in_flight: 8 })
    const client = new AbortController()
    const served = Promise.all(
      Array.from({ length: 50 }, async () => {
        const lease = await host.manager.acquire('one', client)
        lease.release()
        return lease.origin
      }),
    )
    expect(new Set(await during(host, 500, served))).toEqual(new Set(['http://127.0.0.1:8081']))
    expect(host.processesOf('one').length).toBe(1)
    expect(host.mostProcessesOfOneSlot).toBe(1)
  })
  test('whose load fails gets the one error of the load', async () => {
    const host = await openHost()
    host.behaviour = { ...wellBehaved, spawn: 'fails' }
    await host.manager.create({ name: 'one', model: 'a', load: 'on-demand' })
    const client = new AbortController()
    const codes = Promise.all(Array.from({ length: 20 }, () => codeOf(() => host.manager.acquire('one', client))))
    expect(new Set(await during(host, 500, codes))).toEqual(new Set(['slot.spawn_failed']))
  })
})

describe('what the dispatcher sees of a slot', () => {
  test('is what its backend was started for, until the next load', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    const mode = () => host.manager.views()[0]?.mode
    await host.manager.edit('one', { mode: 'embedding' })
    expect(mode()).toBe('embedding')
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    await host.manager.edit('one', { mode: 'rerank' })
    expect(mode()).toBe('embedding')
    await during(host, 500, host.manager.command('one', { do: 'restart' }, 5))
    expect(mode()).toBe('rerank')
  })
  test('is what a request would be refused with now, without being one', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a', max_in_flight: 1, queue_length: 0 })
    expect(host.manager.refusal('one')?.code).toBe('slot.not_loaded')
    await host.manager.edit('one', { load: 'on-demand' })
    expect(host.manager.refusal('one')).toBeNull()
    expect((await host.manager.show('one')).state.state).toBe('offline')
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    expect(host.manager.refusal('one')).toBeNull()
    const lease = await host.manager.acquire('one', new AbortController())
    expect(host.manager.refusal('one')?.code).toBe('slot.queue_full')
    lease.release()
    expect(host.manager.refusal('one')).toBeNull()
    expect(host.manager.views()[0]?.requests).toBe(0)
  })
  test('is how many requests it has, those that wait too', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a', max_in_flight: 1 })
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    const client = new AbortController()
    const lease = await host.manager.acquire('one', client)
    const waiting = Promise.resolve(host.manager.acquire('one', client))
    expect(host.manager.views()[0]?.requests).toBe(2)
    lease.release()
    ;(await waiting).release()
    expect(host.manager.views()[0]?.requests).toBe(0)
  })
})

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

describe('a model that is not installed yet', () => {
  test('is pulled by the load that needs it, and then the load continues', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'far' })
    const frames: SlotProgress[] = []
    host.manager.signals.subscribe((signal) => signal.kind === 'progress' && frames.push(signal.progress))
    await during(host, 6000, host.manager.command('one', { do: 'load' }, 10))
    expect(statesOf(host, 'one')).toEqual(['offline', 'pulling', 'starting', 'warming', 'ready'])
    const pulling = frames.filter(({ state }) => state === 'pulling')
    expect(pulling.length).toBeGreaterThan(10)
    expect(pulling[0]?.pull).toMatchObject({ bytes_received: 40, bytes_total: 100, phase: 'downloading' })
    expect(frames.filter(({ state, pull }) => state !== 'pulling' && pull !== null)).toEqual([])
    expect(host.written.find(({ state }) => state === 'pulling')?.pull).toBe('far')
    expect(host.record('one').pull).toBeNull()
  })

  test('makes requests fail at once, with its progress and when to retry', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'far', load: 'on-demand' })
    const refusal = async () => {
      try {
        await host.manager.acquire('one', new AbortController())
      } catch (error) {
        if (error instanceof Hal0Error) return error
        throw error
      }
      throw new Error('it was served')
    }
    const first = refusal()
    await host.clock.advance(10)
    expect(await first).toMatchObject({ code: 'slot.pulling' })
    expect(await refusal()).toMatchObject({
      code: 'slot.pulling',
      retryAfterS: 5,
      details: { model: 'far', pull: { bytes_received: 40, bytes_total: 100, throughput_bps: 20, eta_s: 3 } },
    })
    expect(host.pulls.begun).toBe(1)
  })

  test('whose pull fails leaves the slot in error with the pull’s own envelope', async () => {
    const host = await openHost()
    host.pulls.outcome = 'failed'
    await host.manager.create({ name: 'one', model: 'far' })
    expect(await codeOf(during(host, 6000, host.manager.command('one', { do: 'load' }, 10)))).toBe('pull.network')
    expect(host.record('one')).toMatchObject({ state: 'error', error: { code: 'pull.network' } })
  })

  for (const [who, cancel] of [
    ['the slot', (host: SimulatedHost) => host.manager.command('one', { do: 'cancel' }, null)],
    ['somebody else', (host: SimulatedHost) => host.pulls.cancel('far')],
  ] as const) {
    test(`goes back to offline when ${who} cancels its pull`, async () => {
      const host = await openHost()
      await host.manager.create({ name: 'one', model: 'far' })
      await host.manager.command('one', { do: 'load' }, null)
      await host.clock.advance(100)
      await cancel(host)
      await host.clock.advance(100)
      expect(statesOf(host, 'one')).toEqual(['offline', 'pulling', 'offline'])
      expect(host.pulls.find('far')?.phase).toBe('cancelled')
    })
  }

  test('is swapped in: the loaded slot is stopped first, and says where from', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'a' })
    await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
    const source = { repo: 'owner/other', file: ':Q8_0' }
    await during(host, 6000, host.manager.command('one', { do: 'swap', model: 'other', source }, 10))
    expect(statesOf(host, 'one').slice(-6)).toEqual(['unloading', 'offline', 'pulling', 'starting', 'warming', 'ready'])
    expect(host.record('one').model).toBe('other')
  })

  test('is continued by the next daemon', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'far' })
    await host.manager.command('one', { do: 'load' }, null)
    await host.clock.advance(100)
    host.killDaemon()
    await host.startDaemon()
    await host.clock.advance(6000)
    expect(statesOf(host, 'one')).toEqual(['offline', 'pulling', 'starting', 'warming', 'ready'])
  })

  test('whose source nobody knows stays model.not_found', async () => {
    const host = await openHost()
    await host.manager.create({ name: 'one', model: 'unheard-of' })
    expect(await codeOf(host.manager.command('one', { do: 'load' }, null))).toBe('model.not_found')
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

test('a slot cannot have a name that the API uses itself', async () => {
  const host = await openHost()
  expect(await codeOf(host.manager.create({ name: 'events' }))).toBe('request.invalid')
})
