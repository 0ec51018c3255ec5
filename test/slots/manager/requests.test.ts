/** Requests at slots: many at a cold one, and what the dispatcher sees. */
import { describe, expect, test } from 'bun:test'
import { codeOf, during, openHost } from '../support/manager-host.ts'
import { wellBehaved } from '../support/simulated-host.ts'

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
