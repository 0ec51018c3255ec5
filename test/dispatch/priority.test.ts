/** How a request's caller and priority reach the slot and the log. */
import { afterEach, describe, expect, test } from 'bun:test'
import type { Caller } from '../../src/contract/caller.ts'
import { priorityOf, turnsOf } from '../../src/dispatch/waiting/place-in-queue.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { WireHeaders } from '../../src/lib/http/wire-headers.ts'
import type { Requester } from '../../src/slots/run/lease.ts'
import { localCaller } from '../http/support/local-caller.ts'
import { FakeSlots } from './support/fake-slots.ts'
import { MiniServer } from './support/mini-server.ts'
import { jsonAnswer, RawUpstream } from './support/raw-upstream.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const setUp = () => {
  const upstream = new RawUpstream(({ socket }) => void socket.write(jsonAnswer('{}')))
  const slots = new FakeSlots(upstream.origin)
  const server = new MiniServer(slots)
  cleanups.push(
    () => upstream.stop(),
    () => server.stop(),
  )
  return { upstream, slots, server }
}

describe('X-Hal0-Priority', () => {
  for (const [sent, priority] of [
    [undefined, 'interactive'],
    ['interactive', 'interactive'],
    ['batch', 'batch'],
    ['Batch', 'batch'],
  ] as const) {
    test(`${sent ?? 'left out'}: the slot and the log see ${priority}, and the backend nothing`, async () => {
      const { server, slots, upstream } = setUp()
      const seen: Pick<Requester, 'priority' | 'caller'>[] = []
      slots.onAcquire = ({ priority, caller }) => {
        seen.push({ priority: priority ?? 'interactive', caller: caller ?? '' })
        return slots.grant()
      }
      const headers = sent === undefined ? {} : { 'X-Hal0-Priority': sent }
      expect((await server.post({ model: 'primary' }, { headers })).status).toBe(200)
      expect(seen).toEqual([{ priority, caller: '127.0.0.1' }])
      expect((await server.logged(1))[0]).toMatchObject({ priority, position: null })
      expect(upstream.requests[0]?.head.toLowerCase()).not.toContain('x-hal0')
    })
  }

  test('of another value is refused in words that name the two', async () => {
    const { server, upstream } = setUp()
    for (const value of ['urgent', '', 'batch, interactive']) {
      const answer = await server.post({ model: 'primary' }, { headers: { 'x-hal0-priority': value } })
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({
        error: {
          code: 'request.invalid',
          param: 'X-Hal0-Priority',
          message: `X-Hal0-Priority cannot be "${value}". Send interactive or batch, or leave it out.`,
        },
      })
    }
    expect(upstream.requests.length).toBe(0)
    expect((await server.logged(3))[2]).toMatchObject({ status: 400, code: 'request.invalid', priority: null })
  })

  test('only lowers what a key says', () => {
    const local = localCaller({ peer: '::1', overSocket: false, headers: new WireHeaders([], []) })
    const asked = (value: string | null, own?: Caller['priority']) => {
      const headers = value === null ? new WireHeaders([], []) : new WireHeaders(['x-hal0-priority'], [value])
      const caller: Caller = {
        ...local,
        ...(own === undefined ? {} : { priority: own }),
      }
      return priorityOf(headers, caller)
    }
    expect(asked(null, 'batch')).toBe('batch')
    expect(asked('interactive', 'batch')).toBe('batch')
    expect(asked('batch', 'interactive')).toBe('batch')
    expect(asked(null, 'interactive')).toBe('interactive')
  })
})

test('requests of one key share its turns, and without a key those of one address', () => {
  expect(turnsOf({ name: null, address: '10.0.0.1' })).toBe('10.0.0.1')
  expect(turnsOf({ name: 'phone', address: '10.0.0.1' })).toBe(turnsOf({ name: 'phone', address: '10.0.0.2' }))
  // The name of a key may look like an address.
  expect(turnsOf({ name: '10.0.0.1', address: '10.0.0.2' })).not.toBe('10.0.0.1')
})

for (const end of ['served', 'refused'] as const) {
  test(`the position at arrival of a request that has to wait is in the log, even if it is ${end}`, async () => {
    const { server, slots } = setUp()
    slots.onAcquire = (client) => {
      client.queued?.(7)
      return end === 'served'
        ? Promise.resolve(slots.grant())
        : Promise.reject(new Hal0Error('slot.queue_full', 'It waited too long.'))
    }
    await server.post({ model: 'primary' })
    expect((await server.logged(1))[0]).toMatchObject({ priority: 'interactive', position: 7 })
  })
}
