import { describe, expect, test } from 'bun:test'
import { SlotHistory } from '../../../src/http/feeds/slot-history.ts'

const at = (now: number) => {
  let clock = now
  return {
    history: new SlotHistory(() => clock),
    set: (ms: number) => {
      clock = ms
    },
  }
}
const records = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `s${i}`, json: '{}' }))
const idsOf = (events: { id: number }[] | null): number[] | null => events?.map(({ id }) => id) ?? null

describe('ids', () => {
  test('follow the clock', () => {
    const { history, set } = at(1000)
    set(5000)
    expect(history.add('slot', 'a', '').id).toBe(5_000_000)
  })

  test('grow when the clock stands still or goes back', () => {
    const { history, set } = at(1000)
    const first = history.add('slot', 'a', '').id
    const second = history.add('slot', 'a', '').id
    set(1)
    const third = history.add('slot', 'a', '').id
    expect([first, second, third]).toEqual([1_001_000, 1_002_000, 1_003_000])
  })

  test('of a snapshot lie between the last transition and the next, and its last event is marked', () => {
    const { history } = at(1000)
    const last = history.add('slot', 'a', '').id
    const ids = idsOf(history.snapshot(records(3))) ?? []
    expect(ids).toEqual([last + 1, last + 2, last + 999])
    expect(history.add('slot', 'a', '').id).toBeGreaterThan(ids.at(-1) ?? 0)
  })

  test('of a snapshot of thousands never look complete too early', () => {
    const ids = idsOf(at(1000).history.snapshot(records(3000))) ?? []
    expect(ids.filter((id) => id % 1000 === 999)).toEqual([ids.at(-1) ?? 0])
  })

  test('of a later daemon are greater', () => {
    const before = at(1000).history.add('slot', 'a', '').id
    expect(at(1002).history.snapshot(records(1))[0]?.id).toBeGreaterThan(before)
  })
})

describe('a client that comes back', () => {
  test('after a transition gets what came after it', () => {
    const { history } = at(1000)
    const [first, second, third] = ['a', 'b', 'c'].map((name) => history.add('slot', name, '').id)
    expect(idsOf(history.since(String(first)))).toEqual([second as number, third as number])
    expect(idsOf(history.since(String(third)))).toEqual([])
  })

  test('after a complete snapshot gets what came after it, also of a daemon without any transition', () => {
    const { history } = at(1000)
    const end = history.snapshot(records(2)).at(-1)?.id
    expect(idsOf(history.since(String(end)))).toEqual([])
    const next = history.add('slot', 'a', '').id
    expect(idsOf(history.since(String(end)))).toEqual([next])
  })

  test('from the middle of a snapshot needs another one', () => {
    const { history } = at(1000)
    history.add('slot', 'a', '')
    const [first, second] = history.snapshot(records(3))
    expect(history.since(String(first?.id))).toBeNull()
    expect(history.since(String(second?.id))).toBeNull()
  })

  for (const id of [
    '',
    'x',
    '-1',
    '1.5',
    '1e9',
    ' 1',
    '9'.repeat(16),
    '9'.repeat(40),
    '0',
    '1001500',
    '999000',
    '1000001',
    '2000000',
  ]) {
    test(`with the id "${id}" needs a snapshot`, () => {
      const { history } = at(1000)
      history.add('slot', 'a', '')
      expect(history.since(id)).toBeNull()
    })
  }

  test('needs a snapshot after more than 1024 transitions, but not after 1024', () => {
    const { history } = at(1000)
    const first = history.add('slot', 'a', '').id
    const second = history.add('slot', 'a', '').id
    for (let i = 0; i < 1024; i++) history.add('slot', 'a', '')
    expect(history.since(String(first))).toBeNull()
    expect(history.since(String(second))?.length).toBe(1024)
  })
})
