/** What was accepted happens: loads that have to wait are on the disk before they are promised, and every next daemon keeps them. */
import { describe, expect, test } from 'bun:test'
import type { SlotRecord } from '../../../src/contract/slot.ts'
import type { SlotConfig } from '../../../src/contract/slot-config.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { SlotCommand } from '../../../src/slots/service.ts'
import { settle } from '../support/simulated-clock.ts'
import { SimulatedHost, wellBehaved } from '../support/simulated-host.ts'

const hostWithSlot = async (config: Partial<SlotConfig> = {}): Promise<SimulatedHost> => {
  const host = new SimulatedHost()
  await host.manager.open()
  await host.manager.create({ name: 'one', model: 'a', ...config })
  return host
}

const loaded = async (config: Partial<SlotConfig> = {}): Promise<SimulatedHost> => {
  const host = await hostWithSlot(config)
  void host.manager.command('one', { do: 'load' }, null)
  await host.clock.advance(1000)
  expect(host.record('one').state).toBe('ready')
  return host
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
  } catch (error) {
    if (error instanceof Hal0Error) return error.code
    throw error
  }
  return 'no error'
}

const statesFrom = (host: SimulatedHost, index: number): string[] =>
  host.written.slice(index).map(({ state, intent }) => (intent === null ? state : `${state}+${intent}`))

const nextDaemon = async (host: SimulatedHost): Promise<void> => {
  host.killDaemon()
  await host.startDaemon()
}

/** A slot in each state in which it takes commands. */
const situations: Record<string, () => Promise<SimulatedHost>> = {
  offline: hostWithSlot,
  ready: loaded,
  idle: async () => {
    const host = await loaded({ idle_timeout_s: 1 })
    await host.clock.advance(2000)
    return host
  },
  warming: async () => {
    const host = await hostWithSlot()
    host.behaviour = { ...wellBehaved, readyAfter: 5000 }
    void host.manager.command('one', { do: 'load' }, null)
    await host.clock.advance(100)
    return host
  },
  unloading: async () => {
    const host = await hostWithSlot()
    host.behaviour = { ...wellBehaved, ignoresTerm: true }
    void host.manager.command('one', { do: 'load' }, null)
    await host.clock.advance(1000)
    void host.manager.command('one', { do: 'unload' }, null)
    await settle()
    return host
  },
  'in error': async () => {
    const host = await loaded()
    for (const { pid } of host.processesOf('one')) host.end(pid)
    await settle()
    return host
  },
}

describe('a command that asks for a load', () => {
  const commands: SlotCommand[] = [{ do: 'load' }, { do: 'restart' }, { do: 'swap', model: 'b' }]
  for (const [state, arrange] of Object.entries(situations)) {
    for (const command of commands) {
      if (command.do === 'load' && (state === 'ready' || state === 'idle')) continue
      test(`(${command.do}) that was accepted while ${state} is kept by whichever daemon comes next, killed at whatever step`, async () => {
        // The daemon dies after 0, 1, 2 … turns of the loop and milliseconds, until the load is over.
        for (let step = 0; step < 30; step++) {
          const host = await arrange()
          await host.manager.command('one', command, null)
          await settle(step % 10)
          await host.clock.advance(Math.floor(step / 10) * 2)
          await nextDaemon(host)
          await host.clock.advance(20_000)
          const model = command.do === 'swap' ? 'b' : 'a'
          expect([step, host.record('one')]).toMatchObject([
            step,
            { state: expect.stringMatching(/^(ready|idle)$/), model, intent: null },
          ])
          expect(host.processesOf('one')).toHaveLength(1)
        }
      })
    }
  }

  for (const command of commands) {
    test(`(${command.do}) is refused by a disk that takes nothing, and the loaded slot keeps serving`, async () => {
      const host = await loaded()
      if (command.do === 'load') for (const { pid } of host.processesOf('one')) host.end(pid)
      await settle()
      const before = host.record('one')
      host.diskFails = true
      expect(await codeOf(host.manager.command('one', command, null))).toBe('storage.full')
      await host.clock.advance(1000)
      expect((await host.manager.show('one')).state).toEqual(before)
      expect((await host.manager.show('one')).config.model).toBe('a')
      if (command.do === 'load') return
      host.manager.acquire('one', new AbortController())
      expect((await host.manager.show('one')).state).toMatchObject({ state: 'serving' })
    })
  }

  test('(swap) that is cut off at any step has happened as a whole by the next daemon, or not at all', async () => {
    const seen = new Set<string>()
    for (let step = 0; step < 40; step++) {
      const host = await loaded()
      let isAccepted = false
      void host.manager.command('one', { do: 'swap', model: 'b' }, null).then(() => {
        isAccepted = true
      })
      await settle(step)
      await nextDaemon(host)
      await host.clock.advance(20_000)
      const { model } = host.record('one')
      expect([step, host.record('one'), host.configs.get('one')?.model, host.swaps.size]).toMatchObject([
        step,
        { state: 'ready', intent: null },
        model as string,
        0,
      ])
      if (isAccepted) expect([step, model]).toEqual([step, 'b'])
      seen.add(`${model} ${isAccepted}`)
    }
    expect([...seen].sort()).toEqual(['a false', 'b false', 'b true'])
  })

  test('is pursued although the disk fails after it was accepted', async () => {
    const host = await loaded()
    await host.manager.command('one', { do: 'restart' }, null)
    host.diskFails = true
    await host.clock.advance(10_000)
    expect(host.manager.overview()[0]?.state).toBe('offline')
    host.diskFails = false
    await host.clock.advance(10_000)
    expect(host.record('one')).toMatchObject({ state: 'ready', intent: null })
  })

  test('carries its intent with the transitions that happen anyway', async () => {
    const host = await loaded()
    const from = host.written.length
    await host.manager.command('one', { do: 'restart' }, null)
    await host.clock.advance(1000)
    expect(statesFrom(host, from)).toEqual(['unloading+load', 'offline+load', 'starting', 'warming', 'ready'])
  })

  test('while unloading, where no transition happens, rewrites the record under its number', async () => {
    const host = await (situations.unloading as () => Promise<SimulatedHost>)()
    const before = host.record('one')
    await host.manager.command('one', { do: 'load' }, null)
    expect(host.record('one')).toEqual({ ...before, intent: 'load' })
    expect(host.manager.records()[0]?.json).toBe(JSON.stringify({ ...before, intent: 'load' }))
    await host.clock.advance(5000)
    const told = host.announced.map(({ json }) => (JSON.parse(json) as SlotRecord).seq)
    expect(told).toEqual(told.map((_, index) => index))
  })
})

describe('a load that was accepted and has not begun', () => {
  for (const undo of ['unload', 'cancel'] as const) {
    test(`is withdrawn by ${undo}, for the next daemon too`, async () => {
      const host = await (situations.unloading as () => Promise<SimulatedHost>)()
      await host.manager.command('one', { do: 'load' }, null)
      await host.manager.command('one', { do: undo }, null)
      expect(host.record('one')).toMatchObject({ state: 'unloading', intent: null })
      await nextDaemon(host)
      await host.clock.advance(20_000)
      expect(host.record('one')).toMatchObject({ state: 'offline', intent: null })
    })
  }

  test('is withdrawn even while its promise is being written', async () => {
    const host = await loaded()
    const restarting = host.manager.command('one', { do: 'restart' }, null)
    await settle(1)
    await Promise.all([restarting, host.manager.command('one', { do: 'unload' }, null)])
    await host.clock.advance(5000)
    expect(host.record('one')).toMatchObject({ state: 'offline', intent: null })
    expect(host.processesOf('one')).toEqual([])
  })

  test('is kept after a cancellation of the load before it', async () => {
    const host = await hostWithSlot()
    const first = host.manager.command('one', { do: 'load' }, null)
    await settle(1)
    await Promise.all([
      first,
      host.manager.command('one', { do: 'cancel' }, null),
      host.manager.command('one', { do: 'load' }, null),
    ])
    await host.clock.advance(5000)
    expect(host.record('one').state).toBe('ready')
  })
})

describe('restart = "on-failure"', () => {
  const restarting = () => loaded({ restart: 'on-failure' })
  const crash = async (host: SimulatedHost) => {
    for (const { pid } of host.processesOf('one')) host.end(pid)
    await settle()
  }

  test('that was due is kept by the next daemon, not before its time', async () => {
    const host = await restarting()
    await crash(host)
    expect(host.record('one')).toMatchObject({ state: 'error', intent: 'load' })
    await nextDaemon(host)
    await host.clock.advance(990)
    expect(host.record('one').state).toBe('error')
    await host.clock.advance(2000)
    expect(host.record('one').state).toBe('ready')
  })

  test('reloads a backend that died while no daemon ran', async () => {
    const host = await restarting()
    host.killDaemon()
    await crash(host)
    await host.startDaemon()
    expect(host.record('one')).toMatchObject({ state: 'error', error: { code: 'slot.crashed' }, intent: 'load' })
    await host.clock.advance(2000)
    expect(host.record('one').state).toBe('ready')
  })

  test('gives up a crash loop that takes the daemon along each time', async () => {
    const host = await restarting()
    let crashes = 0
    for (; crashes < 20 && host.record('one').state === 'ready'; crashes++) {
      host.killDaemon()
      await crash(host)
      await host.startDaemon()
      await host.clock.advance(15_000)
    }
    expect(crashes).toBe(5)
    expect(host.record('one')).toMatchObject({ state: 'error', intent: null })
  })

  test('is withdrawn by an acknowledgement, which leaves nothing for the next daemon', async () => {
    const host = await restarting()
    await crash(host)
    await host.manager.command('one', { do: 'acknowledge' }, null)
    expect(host.record('one')).toMatchObject({ state: 'offline', intent: null })
    await nextDaemon(host)
    await host.clock.advance(60_000)
    expect(host.record('one').state).toBe('offline')
  })

  test('does not reload after a reboot of the host what was loaded before', async () => {
    const host = await restarting()
    host.reboot()
    await host.startDaemon()
    await host.clock.advance(60_000)
    expect(host.record('one').state).toBe('offline')
  })
})

describe('a stop that fails', () => {
  const unstoppable = async (config: Partial<SlotConfig> = {}) => {
    const host = await loaded(config)
    host.stopping = 'fails'
    void host.manager.command('one', { do: 'unload' }, null)
    await host.clock.advance(500)
    return host
  }

  test('is reported, and the slot is not offline while its backend runs', async () => {
    const host = await unstoppable()
    expect(host.record('one')).toMatchObject({ state: 'error', error: { code: 'slot.stop_failed' } })
    expect(host.manager.problems()).toEqual([expect.stringContaining('systemd refused to stop the unit')])
    expect(await codeOf(host.manager.delete('one'))).toBe('slot.invalid_transition')
  })

  test('is retried until it succeeds', async () => {
    const host = await unstoppable()
    await host.clock.advance(300_000)
    host.stopping = 'ok'
    await host.clock.advance(31_000)
    expect(host.record('one')).toMatchObject({ state: 'offline', error: null })
    expect(host.manager.problems()).toEqual([])
    expect(host.processesOf('one')).toEqual([])
  })

  test('is retried at once on request, and a load that is requested follows', async () => {
    for (const [command, state] of [
      ['unload', 'offline'],
      ['load', 'ready'],
      ['restart', 'ready'],
    ] as const) {
      const host = await unstoppable()
      await host.clock.advance(300_000)
      host.stopping = 'ok'
      await host.manager.command('one', { do: command }, null)
      await host.clock.advance(1000)
      expect([command, host.record('one').state]).toEqual([command, state])
    }
  })

  test('is reported to a client that waits for it', async () => {
    const host = await loaded()
    host.stopping = 'fails'
    const waiting = codeOf(host.manager.command('one', { do: 'unload' }, 60))
    await host.clock.advance(500)
    expect(await waiting).toBe('slot.stop_failed')
  })

  test('ends with a backend that dies by itself', async () => {
    const host = await unstoppable()
    for (const { pid } of host.processesOf('one')) host.end(pid)
    await settle()
    expect(host.record('one').state).toBe('offline')
    expect(host.manager.problems()).toEqual([])
  })

  test('of a failed load is retried too, and the error of the load stays', async () => {
    const host = await hostWithSlot({ load_timeout_s: 1 })
    host.behaviour = { ...wellBehaved, readyAfter: Number.POSITIVE_INFINITY }
    host.stopping = 'fails'
    void host.manager.command('one', { do: 'load' }, null)
    await host.clock.advance(60_000)
    expect(host.record('one')).toMatchObject({ state: 'error', error: { code: 'slot.load_timeout' } })
    expect(host.manager.problems()).toEqual([expect.stringContaining('could not be stopped')])
    host.stopping = 'ok'
    host.behaviour = wellBehaved
    await host.manager.command('one', { do: 'load' }, null)
    await host.clock.advance(1000)
    expect(host.record('one').state).toBe('ready')
    expect(host.mostProcessesOfOneSlot).toBe(1)
  })

  test('is continued by the next daemon', async () => {
    const host = await unstoppable()
    await nextDaemon(host)
    await host.clock.advance(5000)
    expect(host.manager.problems()).toEqual([expect.stringContaining('could not be stopped')])
    host.stopping = 'ok'
    await host.clock.advance(31_000)
    expect(host.record('one').state).toBe('offline')
  })
})
