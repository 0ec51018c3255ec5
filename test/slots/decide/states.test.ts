import { describe, expect, test } from 'bun:test'
import { slotStates } from '../../../src/contract/slot.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { Step } from '../../../src/slots/decide/step.ts'
import { initialRecord } from '../../../src/slots/machine/initial.ts'
import { machineOf } from '../../../src/slots/machine/machine.ts'
import { isLegalTransition } from '../../../src/slots/machine/states.ts'
import { initialConfig } from '../../support/slot-config.ts'

/** The table of spec §2.1, written a second time on purpose: a change of one must be a change of both. */
const specified = `
offline → pulling starting error
pulling → starting error offline
starting → warming error
warming → ready error
ready → serving idle unloading error
serving → ready error unloading
idle → serving unloading ready
unloading → offline error
error → offline`

const legal = new Set(
  specified
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [from, to] = line.split(' → ')
      return (to ?? '').split(' ').map((state) => `${from} → ${state}`)
    }),
)

const config = { ...initialConfig('primary'), port: 8081 }
const context = {
  now: 0,
  wall: 0,
  bootId: 'boot',
  config,
  obstacle: null,
  missing: null,
  pull: null,
  lessMemory: 'or less context',
  heardAt: Number.NEGATIVE_INFINITY,
  expectedLoadMs: null,
}

describe('the transition table', () => {
  test('has 23 legal pairs of 81', () => {
    const pairs = slotStates.flatMap((from) => slotStates.map((to) => isLegalTransition(from, to)))
    expect(pairs.length).toBe(81)
    expect(pairs.filter(Boolean).length).toBe(23)
  })

  for (const from of slotStates) {
    for (const to of slotStates) {
      const pair = `${from} → ${to}`
      test(`${pair} is ${legal.has(pair) ? 'entered and written' : 'refused and changes nothing'}`, () => {
        const record = { ...initialRecord(config, 'boot', 0), state: from, seq: 7 }
        const step = new Step(machineOf(record), context)
        if (legal.has(pair)) {
          step.enter(to, { reason: 'test' })
          expect(step.m.record.state).toBe(to)
          expect(step.m.record.seq).toBe(8)
          expect(step.effects).toEqual([{ do: 'write', record: step.m.record }])
        } else {
          expect(() => step.enter(to, { reason: 'test' })).toThrow(Hal0Error)
          expect(step.m.record).toBe(record)
          expect(step.effects).toEqual([])
        }
      })
    }
  }
})
