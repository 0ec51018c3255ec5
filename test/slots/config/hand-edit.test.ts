import { expect, test } from 'bun:test'
import { handEditText } from '../../../src/slots/config/hand-edit.ts'
import { slotConfig } from '../../support/slot-config.ts'

test('a hand edit is told with what counts at once and what at the next load', () => {
  const before = slotConfig({ model: 'a' })
  const cases: [Parameters<typeof slotConfig>[0], string | null][] = [
    [{ model: 'a' }, null],
    [{ model: 'a', params: { fixed: { b: 1 } } }, 'params at once'],
    [{ model: 'a', profiles: { deep: {} }, capture: true, queue_length: 3 }, 'queue_length, capture, profiles at once'],
    [{ model: 'b', context_size: 512 }, 'model, context_size at its next load'],
    [{ model: 'a', engine: '/x', loading_hint: 'none' }, 'loading_hint at once; engine at its next load'],
  ]
  for (const [changes, told] of cases) {
    const text = told === null ? null : `the file of slot primary was changed, which counts: ${told}`
    expect(handEditText(before, slotConfig(changes))).toBe(text)
  }
})
