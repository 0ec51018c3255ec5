/** The queue of a slot, as requests and watchers meet it. */
import { describe, expect, test } from 'bun:test'
import type { SlotQueueEvent } from '../../../src/contract/slot.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { Lease } from '../../../src/slots/run/lease.ts'
import { during, openHost } from '../support/manager-host.ts'
import { settle } from '../support/simulated-clock.ts'
import { type SimulatedHost, wellBehaved } from '../support/simulated-host.ts'

const loaded = async (settings: { max_in_flight: number; queue_length?: number; queue_wait_s?: number }) => {
  const host = await openHost()
  await host.manager.create({ name: 'one', model: 'a', load: 'on-demand', ...settings })
  await during(host, 100, host.manager.command('one', { do: 'load' }, 5))
  return host
}

interface Asked {
  lease: Lease | null
  error: Hal0Error | null
  position: number | null
}

/** A request of `caller`; what becomes of it is seen in the result. */
const ask = (host: SimulatedHost, caller: string, order: string[] = []): Asked => {
  const seen: Asked = { lease: null, error: null, position: null }
  const client = Object.assign(new AbortController(), {
    caller,
    queued: (position: number) => {
      seen.position = position
    },
  })
  void (async () => {
    try {
      seen.lease = await host.manager.acquire('one', client)
      order.push(caller)
    } catch (error) {
      if (!(error instanceof Hal0Error)) throw error
      seen.error = error
    }
  })()
  return seen
}

describe('turns', () => {
  for (const [verb, command] of [
    ['a restart', { do: 'restart' }],
    ['a swap', { do: 'swap', model: 'b' }],
  ] as const) {
    test(`survive ${verb} of the slot`, async () => {
      const host = await loaded({ max_in_flight: 1 })
      const order: string[] = []
      const all = ['a', 'a', 'a', 'b', 'b', 'c'].map((caller) => ask(host, caller, order))
      await settle()
      // b is next, since a had its turn among those that wait.
      all[0]?.lease?.release()
      await settle()
      expect(order).toEqual(['a', 'a'])
      await host.manager.command('one', command, null)
      await host.clock.advance(5000)
      for (let next = 0; next < 4; next++) {
        for (const { lease } of all) lease?.release()
        await settle()
      }
      expect(order.join('')).toBe('aabcab')
    })
  }

  test('go on after a cold start with those that waited for it', async () => {
    const host = await openHost()
    host.behaviour = { ...wellBehaved, readyAfter: 3000 }
    await host.manager.create({ name: 'one', model: 'a', load: 'on-demand', max_in_flight: 2 })
    const order: string[] = []
    const all = ['a', 'a', 'a', 'b'].map((caller) => ask(host, caller, order))
    await settle()
    expect(all.map(({ position }) => position)).toEqual([1, 2, 3, 2])
    await host.clock.advance(5000)
    expect(order.join('')).toBe('ab')
  })
})

describe('a full queue', () => {
  test('says when to try again, from how long requests have lately been at the backend', async () => {
    const host = await loaded({ max_in_flight: 2, queue_length: 3 })
    for (let served = 0; served < 4; served++) {
      const one = ask(host, 'a')
      await host.clock.advance(6000)
      one.lease?.release()
    }
    const waiting = Array.from({ length: 5 }, () => ask(host, 'a'))
    await settle()
    expect(waiting.map(({ position }) => position)).toEqual([null, null, 1, 2, 3])
    const refused = ask(host, 'a')
    await settle()
    const { error } = refused
    // Four more places have to become free, of two, each of which takes 6 s.
    expect(error).toMatchObject({ code: 'slot.queue_full', retryAfterS: 12 })
    expect(error?.details).toEqual({ slot: 'one', in_flight: 2, waiting: 3, expected_wait_s: 12 })
    expect(error?.message).toContain('Try again in 12 s')
  })

  test('never says 0, nor more than clients heed, and something short when nobody knows', async () => {
    const host = await loaded({ max_in_flight: 1, queue_length: 0 })
    const busy = ask(host, 'a')
    await settle()
    const full = async (): Promise<number | null | undefined> => {
      const refused = ask(host, 'a')
      await settle()
      return refused.error?.retryAfterS
    }
    expect(await full()).toBe(5)
    await host.clock.advance(100)
    busy.lease?.release()
    const again = ask(host, 'a')
    await settle()
    expect(await full()).toBe(1)
    await host.clock.advance(600_000)
    again.lease?.release()
    ask(host, 'a')
    await settle()
    expect(await full()).toBe(60)
  })

  test('says so too to a request that waited as long as it may', async () => {
    const host = await loaded({ max_in_flight: 1, queue_wait_s: 10 })
    const first = ask(host, 'a')
    await host.clock.advance(8000)
    first.lease?.release()
    ask(host, 'a')
    const late = ask(host, 'a')
    await host.clock.advance(11_000)
    // The one at the backend, and the late one itself.
    expect(late.error).toMatchObject({ code: 'slot.queue_full', retryAfterS: 16 })
    expect(late.error?.details).toEqual({ slot: 'one', queue_wait_s: 10, expected_wait_s: 16 })
  })

  test('of one caller makes room for another, and tells the one that has to go', async () => {
    const host = await loaded({ max_in_flight: 1, queue_length: 2 })
    const flood = Array.from({ length: 3 }, () => ask(host, 'flood'))
    await settle()
    expect(host.manager.refusal('one', { caller: 'flood' })?.code).toBe('slot.queue_full')
    expect(host.manager.refusal('one', { caller: 'other' })).toBeNull()
    const other = ask(host, 'other')
    await settle()
    expect(other).toMatchObject({ error: null, position: 2 })
    expect(flood.map(({ error }) => error?.code ?? null)).toEqual([null, null, 'slot.queue_full'])
    expect(flood[2]?.error?.message).toContain('makes room for another caller')
  })
})

describe('what waits', () => {
  test('is shown with the slot', async () => {
    const host = await loaded({ max_in_flight: 1 })
    expect((await host.manager.show('one')).queue).toEqual({
      in_flight: 0,
      waiting: 0,
      oldest_s: null,
      expected_wait_s: 0,
    })
    const first = ask(host, 'a')
    await host.clock.advance(4000)
    first.lease?.release()
    ask(host, 'a')
    ask(host, 'b')
    await host.clock.advance(1500)
    expect((await host.manager.show('one')).queue).toEqual({
      in_flight: 1,
      waiting: 1,
      oldest_s: 1.5,
      expected_wait_s: 8,
    })
  })

  test('is told at most four times a second, and once more when nobody waits any longer', async () => {
    const host = await loaded({ max_in_flight: 1 })
    const told: SlotQueueEvent[] = []
    host.manager.signals.subscribe((signal) => signal.kind === 'queue' && told.push(signal.queue))
    const all: Asked[] = []
    for (let tenths = 0; tenths < 10; tenths++) {
      all.push(ask(host, 'a'))
      await host.clock.advance(100)
    }
    expect(told.length).toBeGreaterThan(1)
    expect(told.length).toBeLessThanOrEqual(4)
    for (let next = 0; next < 10; next++) {
      for (const { lease } of all) lease?.release()
      await settle()
    }
    await host.clock.advance(1000)
    expect(told.at(-1)).toMatchObject({ name: 'one', in_flight: 0, waiting: 0, oldest_s: null })
    const before = told.length
    await host.clock.advance(10_000)
    expect(told.length).toBe(before)
  })
})
