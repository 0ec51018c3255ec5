/** The watchdog for backends that hang (spec §2.3), in simulated time: 60 s without a byte, then 10 s for the health probe. */
import { describe, expect, test } from 'bun:test'
import type { SlotPatch } from '../../../src/contract/slot-config.ts'
import type { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { Lease } from '../../../src/slots/run/lease.ts'
import { during, openHost, statesOf } from '../support/manager-host.ts'
import type { SimulatedHost } from '../support/simulated-host.ts'

/** A loaded slot. */
const loaded = async (settings: SlotPatch = {}): Promise<SimulatedHost> => {
  const host = await openHost()
  await host.manager.create({ name: 'one', model: 'a', ...settings })
  await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
  return host
}

/** A request at its backend, and why its place was taken back. */
const ask = async (host: SimulatedHost): Promise<{ lease: Lease; lost: Hal0Error[] }> => {
  const lease = await host.manager.acquire('one', new AbortController())
  const lost: Hal0Error[] = []
  lease.onLost = (error) => lost.push(error)
  return { lease, lost }
}

/** Says nothing until the asker gives up. */
const mute = (end: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    end.addEventListener('abort', () => resolve(false), { once: true })
  })

test('a backend that sends nothing for 60 s and leaves its health probe unanswered for 10 s is ended, and its requests are told', async () => {
  const host = await loaded()
  host.health = mute
  const [first, second] = [await ask(host), await ask(host)]
  const [backend] = host.processesOf('one')
  await host.clock.advance(69_900)
  expect(first.lost).toEqual([])
  await host.clock.advance(200)
  for (const { lost } of [first, second]) {
    expect(lost.map(({ code, status, retry }) => ({ code, status, retry }))).toEqual([
      { code: 'slot.stalled', status: 503, retry: 'never' },
    ])
  }
  expect(first.lost[0]?.message).toBe(
    'The backend of slot one hung: it had requests and sent nothing for 60 s, and its health probe stayed unanswered for 10 s, so hal0 ended it. Look at what it printed (hal0 slot logs one), and load it again: hal0 slot load one',
  )
  await host.clock.advance(3000)
  expect(host.processes.has(backend?.pid ?? 0)).toBe(false)
  expect(statesOf(host, 'one').slice(-3)).toEqual(['ready', 'serving', 'error'])
  expect(host.record('one')).toMatchObject({ error: { code: 'slot.stalled' }, intent: null })
})

test('it is loaded again where `restart` says so, and serves', async () => {
  const host = await loaded({ restart: 'on-failure' })
  host.health = mute
  const { lost } = await ask(host)
  await host.clock.advance(70_100)
  expect(lost[0]?.message).toContain('so hal0 ended it and loads it again.')
  host.health = async () => true
  await host.clock.advance(10_000)
  expect(statesOf(host, 'one').slice(-6)).toEqual(['serving', 'error', 'offline', 'starting', 'warming', 'ready'])
  expect((await ask(host)).lost).toEqual([])
})

describe('a backend is not ended', () => {
  test('that is slow but answers its health probe, however long its answer takes', async () => {
    const host = await loaded()
    let asked = 0
    host.health = async () => {
      asked++
      return true
    }
    const { lost } = await ask(host)
    await host.clock.advance(600_000)
    expect(lost).toEqual([])
    // After each minute of silence.
    expect(asked).toBeGreaterThanOrEqual(9)
    expect(asked).toBeLessThanOrEqual(10)
  })

  test('whose health probe is blocked for 9 s while it computes', async () => {
    const host = await loaded()
    host.health = (end) =>
      new Promise((resolve) => {
        host.clock.setTimer(9000, () => resolve(!end.aborted))
      })
    const { lost } = await ask(host)
    await host.clock.advance(600_000)
    expect(lost).toEqual([])
  })

  test('that sends a byte while its health probe is blocked', async () => {
    const host = await loaded()
    host.health = mute
    const { lease, lost } = await ask(host)
    await host.clock.advance(69_000)
    lease.heardAt = host.clock.now()
    await host.clock.advance(60_900)
    expect(lost).toEqual([])
    // Then it hangs.
    await host.clock.advance(10_000)
    expect(lost).toHaveLength(1)
  })

  test('that sends something to one of its requests', async () => {
    const host = await loaded()
    host.health = mute
    const [quiet, other] = [await ask(host), await ask(host)]
    for (let minute = 0; minute < 10; minute++) {
      await host.clock.advance(59_000)
      other.lease.heardAt = host.clock.now()
    }
    expect(quiet.lost).toEqual([])
  })

  test('that has nothing to do', async () => {
    const host = await loaded()
    let asked = 0
    host.health = async () => {
      asked++
      return false
    }
    const { lease } = await ask(host)
    lease.heardAt = host.clock.now()
    lease.release()
    await host.clock.advance(250_000)
    expect([host.record('one').state, asked]).toEqual(['ready', 0])
  })

  test('for an hour without requests after one that its client gave up', async () => {
    const host = await loaded({ idle_timeout_s: 0 })
    host.health = mute
    const given = await ask(host)
    await host.clock.advance(10_000)
    given.lease.release()
    await host.clock.advance(3_600_000)
    const { lost } = await ask(host)
    await host.clock.advance(50_000)
    expect(lost).toEqual([])
    // Ten seconds of the silence were before the hour.
    await host.clock.advance(11_000)
    expect(lost.map(({ code }) => code)).toEqual(['slot.stalled'])
  })
  test('with stall_timeout_s = 0', async () => {
    const host = await loaded({ stall_timeout_s: 0 })
    host.health = mute
    const { lost } = await ask(host)
    await host.clock.advance(600_000)
    expect(lost).toEqual([])
  })
})

test('clients that give up after 30 s do not hide that it hangs', async () => {
  const host = await loaded()
  host.health = mute
  for (let at = 0; at < 60_000; at += 30_000) {
    const { lease, lost } = await ask(host)
    await host.clock.advance(30_000)
    expect(lost).toEqual([])
    lease.release()
  }
  const { lost } = await ask(host)
  await host.clock.advance(10_100)
  expect(lost.map(({ code }) => code)).toEqual(['slot.stalled'])
})

test('a change of stall_timeout_s counts at once', async () => {
  const host = await loaded()
  host.health = mute
  const { lost } = await ask(host)
  await host.clock.advance(1000)
  await host.manager.edit('one', { stall_timeout_s: 2 })
  await host.clock.advance(10_900)
  expect(lost).toEqual([])
  await host.clock.advance(200)
  expect(lost).toHaveLength(1)
})

test('a backend that hangs while a restart begins is restarted, not reported', async () => {
  const host = await loaded()
  host.health = mute
  const { lost } = await ask(host)
  await host.clock.advance(65_000)
  await during(host, 1000, host.manager.command('one', { do: 'restart' }, 5))
  await host.clock.advance(10_000)
  expect(lost.map(({ code }) => code)).toEqual(['slot.unloading'])
  expect(host.record('one').state).toBe('ready')
})
