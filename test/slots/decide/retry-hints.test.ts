/** What requests are told about retrying, and which of them wait for the load that follows. */
import { describe, expect, test } from 'bun:test'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { settle } from '../support/simulated-clock.ts'
import { SimulatedHost, wellBehaved } from '../support/simulated-host.ts'

const loading = async (): Promise<SimulatedHost> => {
  const host = new SimulatedHost()
  await host.manager.open()
  await host.manager.create({ name: 'one', model: 'a', load: 'on-demand', aliases: ['fast'] })
  host.behaviour = { ...wellBehaved, answersAfter: 50, readyAfter: 3000 }
  return host
}

/** The outcome of a request for the slot, by the model that it named. */
const ask = (host: SimulatedHost, asked: string): { outcome: string | null } => {
  const seen: { outcome: string | null } = { outcome: null }
  Promise.resolve(host.manager.acquire('one', new AbortController(), asked)).then(
    () => {
      seen.outcome = 'served'
    },
    (error: unknown) => {
      seen.outcome = error instanceof Hal0Error ? error.code : String(error)
    },
  )
  return seen
}

const refusal = async (host: SimulatedHost): Promise<Hal0Error> => {
  try {
    await host.manager.acquire('one', new AbortController())
  } catch (error) {
    if (error instanceof Hal0Error) return error
    throw error
  }
  throw new Error('it was served')
}

describe('requests at the backend', () => {
  for (const [verb, words] of [
    ['restart', 'Slot one is being restarted. Ask again'],
    ['unload', 'Slot one is being unloaded. Load it again'],
  ] as const) {
    test(`are told of ${verb === 'restart' ? 'a restart' : 'an unload'} when one begins, and so are those that come then`, async () => {
      const host = await loading()
      ask(host, 'one')
      await host.clock.advance(5000)
      const lease = await host.manager.acquire('one', new AbortController())
      const lost = new Promise<Hal0Error>((resolve) => {
        lease.onLost = resolve
      })
      await host.manager.command('one', { do: verb }, null)
      expect((await lost).message).toStartWith(words)
      expect((await refusal(host)).message).toStartWith(words)
    })
  }
})

describe('requests that wait', () => {
  for (const state of ['starting', 'warming'] as const) {
    test(`while ${state} when a restart begins are served by the load that follows`, async () => {
      const host = await loading()
      const waiting = ask(host, 'one')
      await host.clock.advance(state === 'starting' ? 10 : 1000)
      expect(host.record('one').state).toBe(state)
      await host.manager.command('one', { do: 'restart' }, null)
      await host.clock.advance(5000)
      expect(waiting.outcome).toBe('served')
    })
  }

  test('for a place when a restart begins are served by the load that follows', async () => {
    const host = await loading()
    await host.manager.edit('one', { max_in_flight: 1 })
    const [first, second] = [ask(host, 'one'), ask(host, 'one')]
    await host.clock.advance(5000)
    expect([first.outcome, second.outcome]).toEqual(['served', null])
    await host.manager.command('one', { do: 'restart' }, null)
    await host.clock.advance(5000)
    expect(second.outcome).toBe('served')
  })

  test('keep waiting when the slot is swapped if they named the slot, and are told if they named the model that goes', async () => {
    const host = await loading()
    const [slot, alias, model] = [ask(host, 'one'), ask(host, 'fast'), ask(host, 'a')]
    await host.clock.advance(1000)
    await host.manager.command('one', { do: 'swap', model: 'b' }, null)
    await settle()
    expect(model.outcome).toBe('model.not_found')
    await host.clock.advance(5000)
    expect([slot.outcome, alias.outcome]).toEqual(['served', 'served'])
  })

  test('keep their own deadline over a restart', async () => {
    const host = await loading()
    await host.manager.edit('one', { request_timeout_s: 4 })
    const waiting = ask(host, 'one')
    await host.clock.advance(2500)
    await host.manager.command('one', { do: 'restart' }, null)
    await host.clock.advance(1600)
    expect(waiting.outcome).toBe('slot.warming')
  })

  test('are told when the load that was to follow is withdrawn', async () => {
    const host = await loading()
    const waiting = ask(host, 'one')
    await host.clock.advance(1000)
    host.stopping = 'fails'
    await host.manager.command('one', { do: 'restart' }, null)
    await host.manager.command('one', { do: 'cancel' }, null)
    await settle()
    expect(waiting.outcome).toBe('slot.load_cancelled')
  })
})

describe('a load that outlasts the deadline of a request', () => {
  test('says how long it will still take, from earlier loads, and something short when nobody knows', async () => {
    const host = await loading()
    host.behaviour = { ...wellBehaved, answersAfter: 50, readyAfter: 30_000 }
    await host.manager.edit('one', { request_timeout_s: 4 })
    const refusedAfterDeadline = async (): Promise<unknown> => {
      const refused = refusal(host)
      await host.clock.advance(4100)
      return refused
    }
    expect(await refusedAfterDeadline()).toMatchObject({
      code: 'slot.warming',
      retryAfterS: 5,
      details: { elapsed_s: 4, expected_s: null },
    })
    await host.clock.advance(40_000)
    await host.manager.command('one', { do: 'unload' }, null)
    await host.clock.advance(1000)
    const known = (await refusedAfterDeadline()) as Hal0Error
    expect(known).toMatchObject({ code: 'slot.warming', details: { elapsed_s: 4 } })
    expect(known.message).toContain('of about 30 s. Try again in 26 s.')
    expect(Math.round(known.retryAfterS ?? 0)).toBe(26)
  })
})

describe('a slot in error', () => {
  test('because of a rate limit says how long that still lasts, and then that waiting alone does not help', async () => {
    const host = new SimulatedHost()
    await host.manager.open()
    await host.manager.create({ name: 'one', model: 'far' })
    const retry_at = new Date(host.clock.wall() + 64_000).toISOString()
    host.pulls.failure = new Hal0Error('pull.rate_limited', 'Too many requests.', { details: { retry_at } })
    host.pulls.outcome = 'failed'
    await host.manager.command('one', { do: 'load' }, null)
    await host.clock.advance(4000)
    expect(await refusal(host)).toMatchObject({ code: 'pull.rate_limited', retryAfterS: 60, retry: 'wait' })
    await host.clock.advance(50_000)
    expect(await refusal(host)).toMatchObject({ retryAfterS: 10 })
    await host.clock.advance(20_000)
    expect(await refusal(host)).toMatchObject({ code: 'pull.rate_limited', retryAfterS: null, retry: 'never' })
  })

  test('that is loaded again by itself says when', async () => {
    const host = await loading()
    await host.manager.edit('one', { restart: 'on-failure' })
    for (let crashes = 0; crashes < 3; crashes++) {
      await host.manager.command('one', { do: 'load' }, null)
      await host.clock.advance(5000)
      for (const { pid } of host.processesOf('one')) host.end(pid)
      await settle()
    }
    expect(await refusal(host)).toMatchObject({ code: 'slot.crashed', retryAfterS: 4, retry: 'wait' })
  })

  test('whose error nothing fixes says so', async () => {
    const host = await loading()
    await host.manager.command('one', { do: 'load' }, null)
    await host.clock.advance(5000)
    for (const { pid } of host.processesOf('one')) host.end(pid)
    await settle()
    expect(await refusal(host)).toMatchObject({ code: 'slot.crashed', retryAfterS: null, retry: 'never' })
  })
})
