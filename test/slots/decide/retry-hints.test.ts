/** What requests are told about retrying, and which of them wait for the load that follows. */
import { describe, expect, test } from 'bun:test'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { SlotCommand } from '../../../src/slots/service.ts'
import { settle } from '../support/simulated-clock.ts'
import { killed, SimulatedHost, wellBehaved } from '../support/simulated-host.ts'

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
  const acquired = (async () => host.manager.acquire('one', new AbortController(), asked))()
  acquired.then(
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
    test(`are told of ${verb === 'restart' ? 'a restart' : 'an unload'} when one begins`, async () => {
      const host = await loading()
      ask(host, 'one')
      await host.clock.advance(5000)
      const lease = await host.manager.acquire('one', new AbortController())
      const lost = new Promise<Hal0Error>((resolve) => {
        lease.onLost = resolve
      })
      await host.manager.command('one', { do: verb }, null)
      expect(await lost).toMatchObject({ code: 'slot.unloading', retryAfterS: 2 })
      expect((await lost).message).toStartWith(words)
    })
  }
})

describe('requests that come', () => {
  /** The slot runs its model and is about to stop. */
  const leaving = async (command: SlotCommand): Promise<SimulatedHost> => {
    const host = await loading()
    await host.manager.edit('one', { restart: 'on-failure' })
    await host.manager.command('one', { do: 'load' }, null)
    await host.clock.advance(5000)
    host.behaviour = { ...host.behaviour, ignoresTerm: true }
    await host.manager.command('one', command, null)
    await settle()
    expect(host.record('one').state).toBe('unloading')
    return host
  }

  test('during a restart wait, and are served by the load that follows', async () => {
    const host = await leaving({ do: 'restart' })
    const came = ask(host, 'one')
    await settle()
    expect(came.outcome).toBeNull()
    await host.clock.advance(6000)
    expect(came.outcome).toBe('served')
  })

  test('during a swap wait if they name the slot or an alias, and are told at once if they name the model that goes', async () => {
    const host = await leaving({ do: 'swap', model: 'b' })
    const [slot, alias, before] = [ask(host, 'one'), ask(host, 'fast'), ask(host, 'a')]
    await settle()
    expect(before.outcome).toBe('model.not_found')
    await host.clock.advance(6000)
    expect([slot.outcome, alias.outcome]).toEqual(['served', 'served'])
  })

  test('during an unload are refused at once: nothing follows it', async () => {
    const host = await leaving({ do: 'unload' })
    expect((await refusal(host)).message).toStartWith('Slot one is being unloaded. Load it again')
  })

  test('between a crash and the automatic reload wait for it, and so do those that waited for a place', async () => {
    const host = await loading()
    await host.manager.edit('one', { restart: 'on-failure', max_in_flight: 1 })
    const [first, second] = [ask(host, 'one'), ask(host, 'one')]
    await host.clock.advance(5000)
    expect([first.outcome, second.outcome]).toEqual(['served', null])
    for (const { pid } of host.processesOf('one')) host.end(pid)
    await settle()
    expect(host.record('one').state).toBe('error')
    const third = ask(host, 'one')
    await settle()
    expect([second.outcome, third.outcome]).toEqual([null, null])
    await host.manager.edit('one', { max_in_flight: 2 })
    await host.clock.advance(6000)
    expect([second.outcome, third.outcome]).toEqual(['served', 'served'])
  })

  test('keep their deadline: a reload that never begins answers with the failure', async () => {
    const host = await loading()
    await host.manager.edit('one', { restart: 'on-failure', request_timeout_s: 4 })
    await host.manager.command('one', { do: 'load' }, null)
    await host.clock.advance(5000)
    host.stopping = 'fails'
    for (const { pid } of host.processesOf('one')) host.end(pid, { ...killed, remains: true })
    await settle()
    const came = ask(host, 'one')
    await host.clock.advance(3900)
    expect(came.outcome).toBeNull()
    await host.clock.advance(200)
    expect(came.outcome).toBe('slot.crashed')
  })

  test('to a crashed slot without an automatic reload are refused at once', async () => {
    const host = await loading()
    await host.manager.command('one', { do: 'load' }, null)
    await host.clock.advance(5000)
    for (const { pid } of host.processesOf('one')) host.end(pid)
    await settle()
    expect((await refusal(host)).code).toBe('slot.crashed')
  })
})

test('a request at a backend that crashes is told when the reload begins', async () => {
  const host = await loading()
  await host.manager.edit('one', { restart: 'on-failure' })
  await host.manager.command('one', { do: 'load' }, null)
  await host.clock.advance(5000)
  const lease = await host.manager.acquire('one', new AbortController())
  const lost = new Promise<Hal0Error>((resolve) => {
    lease.onLost = resolve
  })
  for (const { pid } of host.processesOf('one')) host.end(pid)
  expect(await lost).toMatchObject({ code: 'slot.crashed', retry: 'wait', retryAfterS: 2 })
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

  test('that is loaded again by itself, but later than a request would wait, says when', async () => {
    const host = await loading()
    await host.manager.edit('one', { restart: 'on-failure', start_wait_s: 1 })
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
