import { describe, expect, test } from 'bun:test'
import {
  admit,
  agingMs,
  givesWay,
  inOrder,
  joined,
  positionOf,
  type Queue,
  type Waiting,
} from '../../../src/slots/queue/turns.ts'

const aging = 30_000

let lastId = 0
const waits = (caller: string, arrived = 0, priority: Waiting['priority'] = 'interactive'): Waiting => ({
  id: ++lastId,
  asked: 'primary',
  caller,
  priority,
  arrived,
  since: arrived,
  queuedAt: arrived,
})
const queue = (...waiting: Waiting[]): Queue => waiting.reduce<Queue>(joined, { waiting: [], turns: [] })
const order = (all: Queue, now = 0): Waiting[] => [...inOrder(all, now, aging)]
const callers = (all: Queue, now = 0): string =>
  order(all, now)
    .map(({ caller }) => caller)
    .join('')

/** The callers in the order in which they get one place after the other. */
const served = (all: Queue): string => {
  const { admitted, rest } = admit(all, 1, 0, aging)
  return `${admitted[0]?.caller ?? ''}${rest.waiting.length === 0 ? '' : served(rest)}`
}

describe('places are given', () => {
  test('in the order of arrival to a caller alone', () => {
    const all = [waits('a', 1), waits('a', 2), waits('a', 3)]
    expect(order(queue(...all), 5)).toEqual(all)
  })
  test('in turns where several callers wait', () => {
    const all = queue(waits('a'), waits('a'), waits('a'), waits('b'), waits('b'), waits('c'))
    expect(served(all)).toBe('abcaba')
    expect(callers(all)).toBe('abcaba')
  })
  test('to a newcomer after those that were there, and before a caller that had its turn since', () => {
    const { rest } = admit(queue(waits('a'), waits('a'), waits('b')), 1, 0, aging)
    expect(served(joined(rest, waits('c')))).toBe('bac')
    expect(served(joined(admit(rest, 1, 0, aging).rest, waits('c')))).toBe('ac')
  })
  test('to one request of a newcomer after one of a hundred that came before', () => {
    const hundred = Array.from({ length: 100 }, () => waits('flood'))
    const one = waits('one')
    expect(positionOf(one.id, order(queue(...hundred, one)))).toBe(2)
  })
  test('to several at once as they would be one after the other', () => {
    const all = queue(waits('a'), waits('a'), waits('b'), waits('c'), waits('c', 0, 'batch'), waits('a', 0, 'batch'))
    for (let places = 0; places <= 6; places++) {
      let one = all
      for (let turn = 0; turn < places; turn++) one = admit(one, 1, 0, aging).rest
      expect(admit(all, places, 0, aging).rest).toEqual(one)
    }
  })
  test('not to those that left, whose turns are skipped and then forgotten', () => {
    const [first, gone, last] = [waits('a'), waits('gone'), waits('b')]
    const left = { ...queue(first, gone, last), waiting: [first, last] }
    expect(served(left)).toBe('ab')
    expect(admit(left, 1, 0, aging).rest.turns).toEqual(['b'])
    expect(joined(left, waits('a')).turns).toEqual(['a', 'b'])
  })
})

describe('a batch request', () => {
  test('waits behind all interactive ones, its own caller’s too', () => {
    const all = queue(waits('a', 0, 'batch'), waits('b', 0, 'batch'), waits('a', 1), waits('c', 2))
    expect(order(all, 3).map(({ caller, priority }) => `${caller} ${priority}`)).toEqual([
      'a interactive',
      'c interactive',
      'b batch',
      'a batch',
    ])
  })
  test('is treated as one that has just come when it has aged', () => {
    const old = waits('a', 0, 'batch')
    const all = queue(old, waits('a', 29_999), waits('b', 29_999), waits('a', 30_001), waits('a', 30_001, 'batch'))
    expect(order(all, 30_002).map(({ caller, arrived }) => `${caller} ${arrived}`)).toEqual([
      'a 29999',
      'b 29999',
      'a 0',
      'a 30001',
      'a 30001',
    ])
    expect(order(queue(old, waits('b', 1)), 29_999).at(-1)).toBe(old)
  })
  test('gets its turn under an endless interactive load', () => {
    let rest: Queue = queue(waits('batch', 0, 'batch'))
    let now = 0
    for (; rest.waiting.some(({ caller }) => caller === 'batch') && now < 120_000; now += 1000) {
      rest = joined(joined(rest, waits('endless', now)), waits(`new ${now}`, now))
      rest = admit(rest, 1, now, aging).rest
    }
    // With the first place that became free when it had aged.
    expect(now).toBe(31_000)
  })
  test('ages before it would be refused, however short the wait may be', () => {
    expect(agingMs({ queue_wait_s: 60 })).toBe(30_000)
    expect(agingMs({ queue_wait_s: 3600 })).toBe(30_000)
    expect(agingMs({ queue_wait_s: 10 })).toBe(5000)
  })
})

describe('where no more may wait', () => {
  const loser = (caller: string, ...waiting: Waiting[]) => givesWay(queue(...waiting), caller, 0, aging)
  test('the last of the caller with the most gives way to another caller', () => {
    const [first, second, last] = [waits('flood'), waits('flood'), waits('flood')]
    expect(loser('one', first, second, waits('b'), last)).toBe(last)
    expect(loser('flood', first, second, last)).toBeNull()
  })
  test('its batch requests give way first', () => {
    const batch = waits('flood', 0, 'batch')
    expect(loser('one', batch, waits('flood'), waits('flood'))).toBe(batch)
  })
  test('nobody loses the only request, or one to a caller that has nearly as many', () => {
    expect(loser('d', waits('a'), waits('b'), waits('c'))).toBeNull()
    expect(loser('b', waits('a'), waits('a'), waits('b'))).toBeNull()
    expect(loser('b', waits('a'), waits('a'), waits('a'), waits('b'))?.caller).toBe('a')
    expect(loser('a')).toBeNull()
  })
})
