import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { DenseSet } from '../../src/lib/dense-set.ts'

const members = (count: number) => Array.from({ length: count }, (_, id) => ({ id, place: -1 }))

describe('a dense set', () => {
  test('has the same members as a Set', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (toggles) => {
        const all = members(10)
        const dense = new DenseSet<(typeof all)[number]>()
        const plain = new Set<(typeof all)[number]>()
        for (const id of toggles) {
          const member = all[id] as (typeof all)[number]
          if (plain.delete(member)) dense.delete(member)
          else {
            dense.add(member)
            plain.add(member)
          }
        }
        expect(dense.size).toBe(plain.size)
        expect(new Set(dense.snapshot())).toEqual(plain)
        for (const member of all) expect(member.place >= 0).toBe(plain.has(member))
      }),
    )
  })

  test('ignores the removal of what it does not contain', () => {
    const [one, other] = members(2) as [{ id: number; place: number }, { id: number; place: number }]
    const set = new DenseSet<typeof one>()
    set.add(one)
    set.delete(other)
    expect(set.snapshot()).toEqual([one])
  })
})
