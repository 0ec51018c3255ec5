/** Slots whose model is not installed yet. */
import { describe, expect, test } from 'bun:test'
import type { SlotProgress } from '../../../src/contract/slot.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { codeOf, during, openHost, statesOf } from '../support/manager-host.ts'
import type { SimulatedHost } from '../support/simulated-host.ts'

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
